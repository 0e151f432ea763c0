// SPDX-License-Identifier: Apache-2.0
#include "steward/detail/escalation.hpp"

#include <gtest/gtest.h>

namespace steward::detail {
namespace {

using namespace std::chrono_literals;
using action = escalation::action;
using phase = escalation::phase;

constexpr instant start{1h};

TEST(Escalation, FirstRequestAsksSecondForcesFurtherOnesChangeNothing) {
  escalation all(10s, 5s);
  EXPECT_EQ(all.next(), std::nullopt);
  EXPECT_EQ(all.asked(start), action::ask);
  EXPECT_EQ(all.next(), start + 10s);
  EXPECT_EQ(all.asked(start + 1s), action::force);
  EXPECT_FALSE(all.timed_out());
  EXPECT_EQ(all.next(), start + 6s) << "counted from the force";
  EXPECT_EQ(all.asked(start + 2s), action::none);
  EXPECT_EQ(all.next(), start + 6s);
}

TEST(Escalation, TheFirstRequestMayGiveAnotherTime) {
  escalation all(10s, 5s);
  EXPECT_EQ(all.asked(start, 1min), action::ask);
  EXPECT_EQ(all.next(), start + 1min);
  EXPECT_EQ(all.asked(start + 1s, 1h), action::force);
  EXPECT_EQ(all.next(), start + 6s);
  EXPECT_EQ(all.graceful_limit(), 1min);
}

TEST(Escalation, TimeForcesThenGivesUp) {
  escalation all(10s, 5s);
  EXPECT_EQ(all.time_passed(start + 1h), action::none) << "nobody asked";
  (void)all.asked(start);
  EXPECT_EQ(all.time_passed(start + 10s - 1ns), action::none);
  EXPECT_EQ(all.time_passed(start + 10s), action::force);
  EXPECT_TRUE(all.timed_out());
  EXPECT_EQ(all.where(), phase::forced);
  EXPECT_EQ(all.time_passed(start + 15s - 1ns), action::none);
  EXPECT_EQ(all.time_passed(start + 15s), action::give_up);
  EXPECT_EQ(all.where(), phase::gave_up);
  EXPECT_EQ(all.next(), std::nullopt);
  EXPECT_EQ(all.asked(start + 16s), action::none);
  EXPECT_EQ(all.time_passed(start + 1h), action::none);
}

TEST(Escalation, WindingDownByItselfHasTheSameLimits) {
  escalation all(10s, 5s);
  all.began(start);
  EXPECT_EQ(all.next(), start + 10s);
  all.began(start + 3s);
  EXPECT_EQ(all.next(), start + 10s) << "it began once";
  EXPECT_EQ(all.asked(start + 4s), action::force);
  all.began(start + 5s);
  EXPECT_EQ(all.where(), phase::forced);
}

TEST(Escalation, ZeroOrLessIsNoLimitAndSoIsMoreThanTheClockCanCount) {
  for (const auto none : {0ns, -5ns, std::chrono::nanoseconds::max()}) {
    escalation all(none, none);
    EXPECT_EQ(all.asked(start), action::ask);
    EXPECT_EQ(all.next(), std::nullopt);
    EXPECT_EQ(all.time_passed(start + 10000h), action::none);
    EXPECT_EQ(all.asked(start), action::force);
    EXPECT_EQ(all.next(), std::nullopt);
  }
}

}  // namespace
}  // namespace steward::detail
