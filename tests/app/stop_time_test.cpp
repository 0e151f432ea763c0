// SPDX-License-Identifier: Apache-2.0
#include "stop_time.hpp"

#include <gtest/gtest.h>

namespace steward {
namespace {

using namespace std::chrono_literals;

stop_need need(std::chrono::nanoseconds deadline, std::vector<std::string> after = {}) { return {.deadline = deadline, .after = std::move(after)}; }

TEST(LongestStop, OfNothingIsNothing) { EXPECT_EQ(longest_stop({}), 0s); }

TEST(LongestStop, OfUnitsSideBySideIsTheLongest) { EXPECT_EQ(longest_stop({{"a", need(3s)}, {"b", need(7s)}, {"c", need(5s)}}), 7s); }

TEST(LongestStop, OfUnitsThatComeAfterOneAnotherIsTheirSum) {
  EXPECT_EQ(longest_stop({{"a", need(3s)}, {"b", need(7s, {"a"})}, {"c", need(5s, {"b"})}, {"d", need(14s)}}), 15s);
  EXPECT_EQ(longest_stop({{"z", need(3s)}, {"y", need(7s, {"z"})}, {"x", need(5s, {"y"})}}), 15s);
}

TEST(LongestStop, OfADiamondIsItsLongerSide) {
  EXPECT_EQ(longest_stop({{"a", need(1s)}, {"b", need(10s, {"a"})}, {"c", need(20s, {"a"})}, {"d", need(2s, {"b", "c"})}}), 23s);
}

TEST(LongestStop, WhoDoesNotLiveIsNotWaitedFor) { EXPECT_EQ(longest_stop({{"a", need(3s)}, {"c", need(5s, {"b"})}}), 5s); }

TEST(LongestStop, ACircleIsGoneRoundOnce) {
  EXPECT_EQ(longest_stop({{"a", need(1s, {"a"})}}), 1s);
  EXPECT_EQ(longest_stop({{"a", need(1s, {"b"})}, {"b", need(2s, {"a"})}}), 3s);
}

TEST(LongestStop, HasNoLimitButTheLargestNumber) {
  const auto most = std::chrono::nanoseconds::max();
  EXPECT_EQ(longest_stop({{"a", need(most)}, {"b", need(most, {"a"})}}), most);
}

TEST(LongestStop, AChainOfAHundredThousandIsWalked) {
  stop_needs living{{"u0", need(1s)}};
  for (int i = 1; i < 100000; ++i) living.emplace("u" + std::to_string(i), need(1s, {"u" + std::to_string(i - 1)}));
  EXPECT_EQ(longest_stop(living), 100000s);
}

}  // namespace
}  // namespace steward
