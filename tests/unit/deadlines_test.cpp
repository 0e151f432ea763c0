// SPDX-License-Identifier: Apache-2.0
#include "steward/deadlines.hpp"

#include "steward/deadline_context.hpp"
#include "steward/testing/explore.hpp"
#include "steward/testing/gate.hpp"
#include "steward/testing/journal.hpp"
#include "steward/testing/run_virtual.hpp"
#include "steward/testing/scripted.hpp"
#include "steward/wait.hpp"

#include <gmock/gmock.h>

#include <functional>

namespace steward {
namespace {

using namespace std::chrono_literals;
using testing::background;
using ::testing::ElementsAre;
using testing::for_each_seed;
using testing::journal;
using testing::run_virtual;
using testing::scripted;
using testing::virtual_scheduler;

struct outcome_of_run {
  result<> outcome;
  std::chrono::nanoseconds took{};
  int callbacks = 0;
};

/// Runs `what`; its callback is in use for 100 ms, whatever stops.
outcome_of_run run_it(const runnable& what, result<> callback_outcome = {}, std::chrono::nanoseconds forced_after = 240h, std::uint64_t seed = 0) {
  outcome_of_run seen;
  const auto use = [&](context&) -> task<> {
    ++seen.callbacks;
    co_await testing::deaf_sleep(100ms);
    co_return callback_outcome;
  };
  const auto body = [&](context& ctx) -> task<> {
    const instant begin = ctx.now();
    deadline_context own(ctx, forced_after);
    const auto outcome = co_await what.run(own, use);
    seen.took = ctx.now() - begin;
    co_return outcome;
  };
  seen.outcome = run_virtual(body, seed);
  return seen;
}

TEST(Deadlines, WhoKeepsThemIsNotTouched) {
  const auto seen = run_it(deadlines(scripted("web").ready_after(10ms).winds_down_in(10ms), 20ms, 20ms));
  EXPECT_TRUE(seen.outcome.has_value());
  EXPECT_EQ(seen.took, 120ms);
}

TEST(Deadlines, WhoIsNotReadyInTimeIsForcedAndTheResultSaysSo) {
  journal log;
  const auto seen = run_it(deadlines(scripted("web", log).hang(), 1500ms));
  ASSERT_FALSE(seen.outcome);
  EXPECT_EQ(seen.outcome.error().to_string(), "not ready within 1.5s: stopped: deadline");
  EXPECT_EQ(seen.outcome.error().code(), make_error_code(errc::stopped));
  EXPECT_EQ(seen.outcome.error().reason(), stop_reason::deadline);
  EXPECT_EQ(seen.callbacks, 0);
  EXPECT_TRUE(log.has("web forced"));
}

TEST(Deadlines, WhoIsReadyAtTheVeryInstantOfTheDeadlineIsInTimeInEveryOrder) {
  for_each_seed(200, [](std::uint64_t seed) {
    const auto seen = run_it(deadlines(scripted("web").ready_after(20ms).winds_down_in(20ms), 20ms, 20ms), {}, 240h, seed);
    EXPECT_TRUE(seen.outcome.has_value());
    EXPECT_EQ(seen.callbacks, 1);
    EXPECT_EQ(seen.took, 140ms);
  });
}

TEST(Deadlines, WhoBecomesReadyTooLateIsNotHandedOn) {
  const auto seen = run_it(deadlines(scripted("web").ready_after(1s).ignore_stop(), 20ms));
  EXPECT_EQ(seen.outcome.error().to_string(), "not ready within 20ms: stopped: deadline");
  EXPECT_EQ(seen.callbacks, 0);
  EXPECT_EQ(seen.took, 1s);
}

TEST(Deadlines, WhoDoesNotEndInTimeIsForcedAndTheResultSaysSo) {
  journal log;
  const auto seen = run_it(deadlines(scripted("web", log).winds_down_in(1h), 0s, 10s));
  EXPECT_EQ(seen.outcome.error().to_string(), "not stopped within 10s: stopped: deadline");
  EXPECT_EQ(seen.took, 10s + 100ms + 1ns);
  EXPECT_TRUE(log.has("web forced"));
}

TEST(Deadlines, StopDeadlineCountsFromTheReturnOfTheCallback) {
  const auto seen = run_it(deadlines(scripted("web").ready_after(1h).winds_down_in(9s), 0s, 10s));
  EXPECT_TRUE(seen.outcome.has_value());
}

TEST(Deadlines, RunStillWaitsForWhoIgnoresTheForce) {
  const auto seen = run_it(deadlines(scripted("web").winds_down_in(1min).ignore_stop(), 0s, 10s));
  EXPECT_EQ(seen.outcome.error().to_string(), "not stopped within 10s: stopped: deadline");
  EXPECT_EQ(seen.took, 60s + 100ms);
}

TEST(Deadlines, ZeroOrLessIsNoLimitAndSoIsMoreThanTheClockCanCount) {
  const scripted slow = scripted("web").ready_after(5h).winds_down_in(5h);
  for (const auto none : {std::chrono::nanoseconds(0), std::chrono::nanoseconds(-1), std::chrono::nanoseconds::max()})
    EXPECT_TRUE(run_it(deadlines(slow, none, none)).outcome.has_value());
}

TEST(Deadlines, R5_CallbacksErrorWinsAndTheDeadlineIsKeptBesideIt) {
  const auto seen = run_it(deadlines(scripted("web").winds_down_in(1h), 0s, 10s), fail(error("in use")));
  EXPECT_EQ(seen.outcome.error().to_string(), "in use");
  EXPECT_EQ(seen.outcome.error().to_tree(), "in use\nalso: not stopped within 10s:\n  stopped: deadline\n");
}

TEST(Deadlines, WhatTheForcedOneFailsWithIsKeptBesideTheDeadline) {
  const runnable what = [](context& ctx, callback) -> task<> {
    (void)co_await ctx.stopped();
    co_return error("half written");
  };
  const auto seen = run_it(deadlines(what, 1s));
  EXPECT_EQ(seen.outcome.error().to_string(), "not ready within 1s: stopped: deadline");
  EXPECT_THAT(seen.outcome.error().to_tree(), ::testing::HasSubstr("also: half written"));
}

TEST(Deadlines, StopFromAboveIsPassedOnAtTheSameInstantWithItsOwnReason) {
  journal log;
  const auto seen = run_it(deadlines(scripted("web", log).hang(), 1h, 1h), {}, 10ms);
  EXPECT_EQ(seen.outcome.error().to_string().find("not ready"), std::string::npos);
  EXPECT_EQ(log.when("web forced"), 10ms);
}

TEST(Deadlines, R1_SecondCallOfTheCallbackIsRefused) { EXPECT_EQ(run_it(deadlines(scripted("web").calls_twice(), 1h, 1h)).callbacks, 1); }

TEST(Deadlines, R9_RunsSeveralTimesAtTheSameTime) {
  const runnable what = deadlines(scripted("web").winds_down_in(1h), 0s, 10s);
  const auto use = [](context&) -> task<> { co_return {}; };
  virtual_scheduler time;
  root_context root(time);
  background one(time, what.run(root, use));
  time.advance(5s);
  background two(time, what.run(root, use));
  time.advance(6s);
  EXPECT_TRUE(one.done());
  EXPECT_FALSE(two.done());
  time.run();
  EXPECT_EQ(two.text(), "not stopped within 10s: stopped: deadline");
}

TEST(Deadlines, LeaveNothingBehindInAnyOrderOfReadyEndAndDeadline) {
  for_each_seed(testing::affordable(20'000), [](std::uint64_t seed) {
    const auto around = [seed](unsigned shift) { return 10ms + std::chrono::nanoseconds((seed >> shift) % 3) - 1ns; };
    const auto seen = run_it(deadlines(scripted("web").ready_after(around(0)).winds_down_in(around(2)), 10ms, 10ms), {}, 10ms + 1ns, seed);
    EXPECT_LE(seen.callbacks, 1);
  });
}

}  // namespace
}  // namespace steward
