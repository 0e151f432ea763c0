// SPDX-License-Identifier: Apache-2.0
#include "timestamp.hpp"

#include <gtest/gtest.h>

#include <random>

namespace steward {
namespace {

using namespace std::chrono_literals;

TEST(Timestamp, IsRfc3339InUtcWithMilliseconds) {
  EXPECT_EQ(timestamp_text(wall_time(0ms)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(timestamp_text(std::chrono::sys_days(std::chrono::January / 31 / 2026) + 12h + 3min + 4s + 5ms), "2026-01-31T12:03:04.005Z");
  EXPECT_EQ(timestamp_text(std::chrono::sys_days(std::chrono::February / 29 / 2024) + 24h - 1ms), "2024-02-29T23:59:59.999Z");
}

TEST(Timestamp, EveryInstantSurvivesTheRoundTrip) {
  std::mt19937_64 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same cases in every run
  const auto last = std::chrono::sys_days(std::chrono::December / 31 / 9999).time_since_epoch() / 1ms;
  for (int i = 0; i < 10000; ++i) {
    const wall_time time(std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(-62167219200000, last)(random)));
    ASSERT_EQ(parse_timestamp(timestamp_text(time)), time) << timestamp_text(time);
  }
}

TEST(Timestamp, NothingElseIsRead) {
  for (const std::string_view wrong : {"", "2026-01-31", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000+01:00", "2026-02-30T12:00:00.000Z",
                                       "2026-13-01T12:00:00.000Z", "2026-01-31T24:00:00.000Z", "2026-01-31T12:60:00.000Z", "2026-01-31T12:00:60.000Z",
                                       "2026-01-31 12:00:00.000Z", "2026-01-31T12:00:00.000Z ", "+026-01-31T12:00:00.000Z"})
    EXPECT_FALSE(parse_timestamp(wrong)) << wrong;
  EXPECT_EQ(parse_timestamp("now").error().to_string(), "\"now\" is not an instant such as \"2026-01-31T12:00:00.123Z\"");
}

}  // namespace
}  // namespace steward
