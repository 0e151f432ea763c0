// SPDX-License-Identifier: Apache-2.0
#include "steward/leaf.hpp"

#include "failing_frames.hpp"
#include "steward/deadline_context.hpp"
#include "steward/process.hpp"
#include "steward/testing/explore.hpp"
#include "steward/testing/gate.hpp"
#include "steward/testing/journal.hpp"
#include "steward/testing/run_virtual.hpp"
#include "steward/wait.hpp"

#include <gmock/gmock.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace steward {
namespace {

using namespace std::chrono_literals;
using testing::background;
using testing::deaf_sleep;
using ::testing::ElementsAre;
using testing::for_each_seed;
using testing::journal;
using testing::run_virtual;
using testing::virtual_scheduler;

/// Runs until its context stops, and says so.
task<> until_stopped(context& ctx) {
  (void)co_await ctx.stopped();
  co_return {};
}

task<> at_once(context&) { co_return {}; }

task<> fails(context&) { co_return error("foreground broke"); }

/// Runs `what` under a child of the test's context, which is forced after `forced_after`.
result<> run_it(const runnable& what, callback use, std::chrono::nanoseconds forced_after = 1h, std::uint64_t seed = 0) {
  const auto body = [&](context& ctx) -> task<> {
    deadline_context own(ctx, forced_after);
    co_return co_await what.run(own, use);
  };
  return run_virtual(body, seed);
}

TEST(Leaf, L1_ForegroundRunsWhileTheCallbackDoes) {
  journal log;
  const auto foreground = [&log](context& ctx) -> task<> {
    (void)co_await ctx.sleep_for(10ms);
    log.add(ctx, "foreground works");
    (void)co_await ctx.stopped();
    log.add(ctx, "foreground ends");
    co_return {};
  };
  const auto use = [&log](context& ctx) -> task<> {
    log.add(ctx, "in use");
    (void)co_await ctx.sleep_for(20ms);
    co_return {};
  };
  EXPECT_TRUE(run_it(leaf(foreground), use).has_value());
  EXPECT_THAT(log.timed(), ElementsAre("0ms in use", "10ms foreground works", "20ms foreground ends"));
}

TEST(Leaf, L1_CallbackIsCalledEvenIfTheForegroundIsAlreadyOver) {
  for_each_seed(50, [](std::uint64_t seed) {
    int calls = 0;
    const auto use = [&calls](context& ctx) -> task<> {
      ++calls;
      (void)co_await ctx.stopped();
      co_return {};
    };
    EXPECT_TRUE(run_it(leaf(at_once), use, 1h, seed).has_value());
    EXPECT_EQ(calls, 1);
  });
}

TEST(Leaf, L1_EitherOfForegroundAndCallbackMayRunFirst) {
  bool foreground_first = false;
  bool callback_first = false;
  for_each_seed(50, [&](std::uint64_t seed) {
    journal log;
    const auto foreground = [&log](context& ctx) -> task<> {
      log.add(ctx, "foreground");
      co_return co_await until_stopped(ctx);
    };
    const auto use = [&log](context& ctx) -> task<> {
      log.add(ctx, "callback");
      co_return {};
    };
    EXPECT_TRUE(run_it(leaf(foreground), use, 1h, seed).has_value());
    (log.in_order("foreground", "callback") ? foreground_first : callback_first) = true;
  });
  EXPECT_TRUE(foreground_first);
  EXPECT_TRUE(callback_first);
}

TEST(Leaf, L2_CallbacksContextStopsWhenTheForegroundReturnsForWhateverReason) {
  const std::vector<runnable> leaves{leaf(at_once), leaf(fails), leaf([](context&) -> task<> { throw std::runtime_error("thrown"); }),
                                     leaf([](context& ctx) -> task<> {
                                       (void)co_await ctx.sleep_for(30ms);
                                       co_return {};
                                     })};
  for (const runnable& each : leaves) {
    std::optional<error> why;
    const auto use = [&why](context& ctx) -> task<> {
      why = co_await ctx.stopped();
      co_return {};
    };
    (void)run_it(each, use);
    ASSERT_TRUE(why);
    EXPECT_EQ(why->reason(), stop_reason::dependency_lost);
    EXPECT_FALSE(why->inherited());
  }
}

TEST(Leaf, ContextsForegroundAndCallbackGetOneCommonChildOfTheRunsContext) {
  const context* foreground_has = nullptr;
  const context* callback_has = nullptr;
  const context* graceful_stop_has = nullptr;
  const auto foreground = [&](context& ctx) -> task<> {
    foreground_has = &ctx;
    co_return co_await until_stopped(ctx);
  };
  const auto graceful_stop = [&](context& ctx) -> task<> {
    graceful_stop_has = &ctx;
    co_return {};
  };
  const runnable what = leaf(foreground, graceful_stop);
  const context* runs_own = nullptr;
  const auto body = [&](context& ctx) -> task<> {
    context own(ctx);
    runs_own = &own;
    const auto use = [&](context& handed) -> task<> {
      callback_has = &handed;
      EXPECT_TRUE(handed.descends_from(own));
      co_return {};
    };
    co_return co_await what.run(own, use);
  };
  EXPECT_TRUE(run_virtual(body).has_value());
  EXPECT_EQ(foreground_has, callback_has);
  EXPECT_NE(callback_has, runs_own);
  EXPECT_EQ(graceful_stop_has, runs_own);
}

/// How a run of a leaf comes to its end, for the law about `graceful_stop`.
struct ending {
  std::string name;
  bool callback_fails = false;
  bool foreground_is_over = false;
  bool forced = false;
};

class LeafEnding : public ::testing::TestWithParam<ending> {};

TEST_P(LeafEnding, L3_GracefulStopIsCalledOnceAfterTheCallbackThenTheForegroundIsStoppedAndWaitedFor) {
  const ending how = GetParam();
  journal log;
  int calls = 0;
  const auto foreground = [&](context& ctx) -> task<> {
    if (!how.foreground_is_over) {
      (void)co_await ctx.stopped();
      log.add(ctx, "foreground stopped");
      co_await deaf_sleep(50ms);
    }
    log.add(ctx, "foreground ends");
    co_return {};
  };
  const auto graceful_stop = [&](context& ctx) -> task<> {
    ++calls;
    log.add(ctx, "graceful_stop");
    EXPECT_EQ(ctx.is_stopped(), how.forced);
    co_await deaf_sleep(20ms);
    co_return {};
  };
  const auto use = [&](context& ctx) -> task<> {
    if (how.forced) (void)co_await ctx.stopped();
    co_await deaf_sleep(10ms);
    log.add(ctx, "callback returns");
    if (how.callback_fails) co_return error("in use");
    co_return {};
  };
  const auto outcome = run_it(leaf(foreground, graceful_stop), use, how.forced ? 5ms : 1h);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(outcome.has_value(), !how.callback_fails);
  EXPECT_TRUE(log.in_order("callback returns", "graceful_stop"));
  if (!how.foreground_is_over) {
    EXPECT_EQ(log.in_order("graceful_stop", "foreground stopped"), !how.forced);
    EXPECT_EQ(log.when("foreground stopped"), how.forced ? 5ms : 30ms);
    EXPECT_TRUE(log.has("foreground ends")) << "the run waits for the foreground";
  }
}

INSTANTIATE_TEST_SUITE_P(All, LeafEnding,
                         ::testing::Values(ending{.name = "graceful"}, ending{.name = "callback_fails", .callback_fails = true},
                                           ending{.name = "foreground_over", .foreground_is_over = true}, ending{.name = "forced", .forced = true},
                                           ending{.name = "forced_and_over", .foreground_is_over = true, .forced = true}),
                         [](const auto& of) { return of.param.name; });

TEST(Leaf, L3_RunEndsOnlyWhenAForegroundThatIgnoresItsContextHasReturned) {
  journal log;
  const auto foreground = [&](context& ctx) -> task<> {
    co_await deaf_sleep(1h);
    log.add(ctx, "foreground ends");
    co_return {};
  };
  const auto use = [](context&) -> task<> { co_return {}; };
  EXPECT_TRUE(run_it(leaf(foreground), use, 10ms).has_value());
  EXPECT_EQ(log.when("foreground ends"), 1h);
}

TEST(Leaf, L4_WithoutGracefulStopTheForegroundIsEndedByItsContext) {
  std::optional<error> why;
  const auto foreground = [&](context& ctx) -> task<> {
    why = co_await ctx.stopped();
    co_return {};
  };
  const auto use = [](context&) -> task<> { co_return {}; };
  EXPECT_TRUE(run_it(leaf(foreground), use).has_value());
  ASSERT_TRUE(why);
  EXPECT_EQ(why->reason(), stop_reason::requested);
}

TEST(Leaf, L5_FirstErrorOfCallbackGracefulStopForegroundWinsAndTheOthersAreKeptBesideIt) {
  for (unsigned failing = 0; failing < 8; ++failing) {
    const auto outcome_of = [failing](unsigned who, const char* text) -> result<> {
      if ((failing & (1U << who)) != 0) return fail(error(text));
      return {};
    };
    const auto foreground = [&](context& ctx) -> task<> {
      (void)co_await ctx.stopped();
      co_return outcome_of(2, "foreground");
    };
    const auto graceful_stop = [&](context&) -> task<> { co_return outcome_of(1, "graceful_stop"); };
    const auto use = [&](context&) -> task<> { co_return outcome_of(0, "callback"); };
    const auto outcome = run_it(leaf(foreground, graceful_stop), use);
    ASSERT_EQ(outcome.has_value(), failing == 0);
    if (failing == 0) continue;
    const std::vector<std::string> names{"callback", "graceful_stop", "foreground"};
    std::string first;
    for (unsigned who = 0; who < 3; ++who) {
      if ((failing & (1U << who)) == 0) continue;
      if (first.empty()) first = names[who];
      EXPECT_THAT(outcome.error().to_tree(), ::testing::HasSubstr(names[who])) << failing;
    }
    EXPECT_EQ(outcome.error().to_string(), first) << failing;
  }
}

TEST(Leaf, E4_ForegroundThatReturnsTheStopItWasGivenHasDoneAsAsked) {
  const auto echoes = [](context& ctx) -> task<> {
    const error why = co_await ctx.stopped();
    co_return why.prefixed("accept: ");
  };
  const auto echoes_a_child = [](context& ctx) -> task<> {
    context child(ctx);
    co_return co_await child.stopped();
  };
  const auto use = [](context&) -> task<> { co_return {}; };
  EXPECT_TRUE(run_it(leaf(echoes), use).has_value());
  EXPECT_TRUE(run_it(leaf(echoes_a_child), use).has_value());
}

TEST(Leaf, E4_StopFromAboveIsNoEcho) {
  const auto echoes = [](context& ctx) -> task<> { co_return co_await ctx.stopped(); };
  const auto use = [](context& ctx) -> task<> {
    (void)co_await ctx.stopped();
    co_return {};
  };
  const auto outcome = run_it(leaf(echoes), use, 10ms);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().reason(), stop_reason::deadline);
}

TEST(Leaf, E4_StopThatTheForegroundMadeItselfIsNoEcho) {
  const auto stops_itself = [](context& ctx) -> task<> {
    ctx.stop(stop_reason::lease_lost);
    co_return *ctx.stop_error();
  };
  const auto use = [](context& ctx) -> task<> {
    (void)co_await ctx.stopped();
    co_return {};
  };
  const auto outcome = run_it(leaf(stops_itself), use);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().reason(), stop_reason::lease_lost);
}

TEST(Leaf, R3_ForcedForegroundIsAskedAtTheSameInstantWhateverTheCallbackDoes) {
  journal log;
  const auto foreground = [&](context& ctx) -> task<> {
    (void)co_await ctx.stopped();
    log.add(ctx, "foreground asked");
    co_return {};
  };
  const auto deaf = [&](context& ctx) -> task<> {
    co_await deaf_sleep(1s);
    log.add(ctx, "callback returns");
    co_return {};
  };
  EXPECT_TRUE(run_it(leaf(foreground), deaf, 10ms).has_value());
  EXPECT_THAT(log.timed(), ElementsAre("10ms foreground asked", "1000ms callback returns"));
}

TEST(Leaf, R4_ItsContextIsStoppedBeforeTheRunCompletes) {
  const auto body = [](context& ctx) -> task<> {
    bool stopped = false;
    const auto foreground = [&stopped](context& own) -> task<> {
      (void)co_await own.stopped();
      stopped = own.is_stopped();
      co_return {};
    };
    const runnable what = leaf(foreground);
    const auto use = [](context&) -> task<> { co_return {}; };
    const auto outcome = co_await what.run(ctx, use);
    EXPECT_TRUE(stopped);
    co_return outcome;
  };
  EXPECT_TRUE(run_virtual(body).has_value());
}

TEST(Leaf, R7_WhatFunctionsThrowIsAnErrorAndSkipsNothing) {
  const auto use = [](context&) -> task<> { co_return {}; };
  int stops = 0;
  const auto throws_at_once = [](context&) -> task<> { throw std::runtime_error("no coroutine"); };
  const auto throws_inside = [](context& ctx) -> task<> {
    (void)co_await ctx.stopped();
    throw 7;
  };
  const auto stop_throws = [&](context&) -> task<> {
    ++stops;
    throw std::runtime_error("stop");
  };
  const auto callback_throws = [](context&) -> task<> { throw std::bad_alloc(); };
  EXPECT_EQ(run_it(leaf(throws_at_once), use).error().to_string(), "std::runtime_error: no coroutine");
  EXPECT_EQ(run_it(leaf(throws_inside), use).error().to_string(), "int");
  EXPECT_EQ(run_it(leaf(throws_inside, stop_throws), use).error().to_string(), "std::runtime_error: stop");
  EXPECT_EQ(run_it(leaf(throws_inside, stop_throws), callback_throws).error().code(), make_error_code(errc::out_of_memory));
  EXPECT_EQ(stops, 2);
}

TEST(Leaf, R7_FrameThatCannotBeAllocatedIsAnErrorOfTheRunAndHangsNothing) {
  if (!test::frames_can_fail) GTEST_SKIP() << "frames cannot be made to fail here";
  const auto graceful_stop = [](context&) -> task<> { co_return {}; };
  const runnable what = leaf(until_stopped, graceful_stop);
  const auto use = [](context&) -> task<> { co_return {}; };
  for (std::size_t nth = 1; nth <= 8; ++nth) {
    bool failed = false;
    const auto body = [&](context& ctx) -> task<> {
      context own(ctx);
      const test::failing_frames none(nth);
      result<> outcome = co_await what.run(own, use);
      failed = none.failed();
      co_return outcome;
    };
    const auto outcome = run_virtual(body);
    EXPECT_EQ(failed, nth <= 4) << "its own, the foreground's, the callback's and that of graceful_stop";
    ASSERT_EQ(outcome.has_value(), !failed);
    EXPECT_TRUE(!failed || outcome.error().is(errc::out_of_memory));
  }
}

TEST(Leaf, EmptyForegroundIsAFailureOfTheRun) {
  const auto use = [](context&) -> task<> { co_return {}; };
  EXPECT_EQ(run_it(leaf({}), use).error().code(), make_error_code(errc::empty_runnable));
}

TEST(Leaf, R9_RunsSeveralTimesAtTheSameTime) {
  int alive = 0;
  int most = 0;
  const auto foreground = [&](context& ctx) -> task<> {
    most = std::max(most, ++alive);
    (void)co_await ctx.stopped();
    --alive;
    co_return {};
  };
  const runnable what = leaf(foreground);
  const auto body = [&](context& ctx) -> task<> {
    process one(ctx, what, "one");
    process two(ctx, what, "two");
    co_await or_return(task<>(one.start(ctx)));
    co_await or_return(task<>(two.start(ctx)));
    co_await or_return(task<>(one.stop(ctx)));
    EXPECT_EQ(alive, 1);
    EXPECT_EQ(two.state(), process_state::running);
    co_return co_await two.stop(ctx);
  };
  EXPECT_TRUE(run_virtual(body).has_value());
  EXPECT_EQ(most, 2);
  EXPECT_EQ(alive, 0);
}

TEST(Leaf, StateIsConsistentInEveryOrderOfForegroundCallbackAndForce) {
  for_each_seed(testing::affordable(20'000), [](std::uint64_t seed) {
    virtual_scheduler time(seed);
    root_context root(time);
    int foregrounds = 0;
    int stops = 0;
    int callbacks = 0;
    const auto foreground = [&](context& ctx) -> task<> {
      ++foregrounds;
      (void)co_await ctx.sleep_for(2ms);
      co_return {};
    };
    const auto graceful_stop = [&](context&) -> task<> {
      EXPECT_EQ(callbacks, 1);
      ++stops;
      co_return {};
    };
    const auto use = [&](context& ctx) -> task<> {
      (void)co_await ctx.sleep_for(2ms);
      ++callbacks;
      co_return {};
    };
    const runnable what = leaf(foreground, graceful_stop);
    background running(time, what.run(root, use));
    const auto force = [&root](context& ctx) -> task<> {
      (void)co_await ctx.sleep_for(2ms);
      root.stop();
      co_return {};
    };
    root_context apart(time);
    background forcing(time, force(apart));
    time.run();
    ASSERT_TRUE(running.done());
    EXPECT_EQ(foregrounds, 1);
    EXPECT_EQ(stops, 1);
    EXPECT_EQ(callbacks, 1);
  });
}

}  // namespace
}  // namespace steward
