// SPDX-License-Identifier: Apache-2.0
#include "steward/duration_text.hpp"

#include <gtest/gtest.h>

namespace steward {
namespace {

using namespace std::chrono_literals;

TEST(DurationText, IsExactAndInTheLargestUnits) {
  EXPECT_EQ(duration_text(0s), "0s");
  EXPECT_EQ(duration_text(250ms), "250ms");
  EXPECT_EQ(duration_text(1500ms), "1.5s");
  EXPECT_EQ(duration_text(60s), "1m");
  EXPECT_EQ(duration_text(90s), "1m30s");
  EXPECT_EQ(duration_text(2h), "2h");
  EXPECT_EQ(duration_text(1h + 1min + 1s), "1h1m1s");
  EXPECT_EQ(duration_text(1h + 50ms), "1h50ms");
  EXPECT_EQ(duration_text(1s + 1ns), "1.000000001s");
  EXPECT_EQ(duration_text(1ms + 10us), "1.01ms");
  EXPECT_EQ(duration_text(3us), "3us");
  EXPECT_EQ(duration_text(7ns), "7ns");
}

}  // namespace
}  // namespace steward
