// SPDX-License-Identifier: Apache-2.0
#include "steward/start_stop.hpp"

#include "steward/deadline_context.hpp"
#include "steward/testing/gate.hpp"
#include "steward/testing/journal.hpp"
#include "steward/testing/run_virtual.hpp"
#include "steward/testing/scripted.hpp"
#include "steward/wait.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

namespace steward {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::journal;
using testing::run_virtual;
using testing::scripted;

task<> succeeds(context&) { co_return {}; }

TEST(StartStop, SS1_StartErrorIsTheResultAndNothingElseIsCalled) {
  int others = 0;
  const auto count = [&](context&) -> task<> {
    ++others;
    co_return {};
  };
  const auto fails = [](context&) -> task<> { co_return error("no port"); };
  const auto throws = [](context&) -> task<> { throw std::runtime_error("no port"); };
  const auto body = [&](context& ctx) -> task<> {
    const runnable what = start_stop(fails, count);
    const auto failed = co_await what.run(ctx, count);
    EXPECT_EQ(failed.error().to_string(), "no port");
    const runnable thrower = start_stop(throws, count);
    const auto threw = co_await thrower.run(ctx, count);
    EXPECT_EQ(threw.error().to_string(), "std::runtime_error: no port");
    co_return {};
  };
  EXPECT_TRUE(run_virtual(body).has_value());
  EXPECT_EQ(others, 0);
}

TEST(StartStop, SS2_CallbackAndStopAreCalledOnceEachEvenIfTheContextStoppedMeanwhile) {
  journal log;
  const auto note = [&log](const char* what) {
    return [&log, what](context& ctx) -> task<> {
      log.add(ctx, std::string(what) + (ctx.is_stopped() ? " stopped" : " alive"));
      co_return {};
    };
  };
  const auto slow_start = [&log](context& ctx) -> task<> {
    co_await testing::deaf_sleep(10ms);
    log.add(ctx, "started");
    co_return {};
  };
  const auto callback_note = note("callback");
  const auto body = [&](context& ctx) -> task<> {
    deadline_context own(ctx, 5ms);
    const runnable what = start_stop(slow_start, note("stop"));
    co_return co_await what.run(own, callback_note);
  };
  EXPECT_TRUE(run_virtual(body).has_value());
  EXPECT_THAT(log.lines(), ElementsAre("started", "callback stopped", "stop stopped"));
}

TEST(StartStop, SS2_ResultIsTheCallbacksErrorElseThatOfStop) {
  for (const bool callback_fails : {false, true}) {
    for (const bool stop_fails : {false, true}) {
      int stops = 0;
      const auto stop = [&](context&) -> task<> {
        ++stops;
        if (stop_fails) throw std::runtime_error("stop");
        co_return {};
      };
      const auto use = [&](context&) -> task<> {
        if (callback_fails) co_return error("callback");
        co_return {};
      };
      const runnable what = start_stop(succeeds, stop);
      const auto outcome = run_virtual([&](context& ctx) { return what.run(ctx, use); });
      EXPECT_EQ(stops, 1);
      ASSERT_EQ(outcome.has_value(), !callback_fails && !stop_fails);
      if (outcome) continue;
      EXPECT_EQ(outcome.error().to_string(), callback_fails ? "callback" : "std::runtime_error: stop");
      EXPECT_EQ(outcome.error().to_tree(), std::string(callback_fails ? "callback\n" : "") + (callback_fails && stop_fails ? "also: " : "") +
                                               (stop_fails ? "std::runtime_error: stop\n" : ""));
    }
  }
}

TEST(StartStop, ContextsStartCallbackAndStopGetTheRunsOwn) {
  std::vector<const context*> seen;
  const auto see = [&seen](context& ctx) -> task<> {
    seen.push_back(&ctx);
    co_return {};
  };
  const runnable what = start_stop(see, see);
  const auto body = [&](context& ctx) -> task<> {
    context own(ctx);
    const auto outcome = co_await what.run(own, see);
    EXPECT_THAT(seen, ElementsAre(&own, &own, &own));
    co_return outcome;
  };
  EXPECT_TRUE(run_virtual(body).has_value());
}

TEST(StartStop, PR14_NestsAProcess) {
  journal log;
  const runnable script = scripted("web", log).ready_after(10ms).winds_down_in(5ms);
  const auto use = [&log](context& ctx) -> task<> {
    log.add(ctx, "in use");
    co_return co_await ctx.sleep_for(10ms);
  };
  const auto body = [&](context& ctx) -> task<> {
    process web(ctx, script, "web");
    const runnable what = start_stop(web);
    const auto outcome = co_await what.run(ctx, use);
    EXPECT_TRUE(web.is_done());
    co_return outcome;
  };
  EXPECT_TRUE(run_virtual(body).has_value());
  EXPECT_THAT(log.timed(), ElementsAre("0ms web start", "10ms web ready", "10ms in use", "20ms web released", "25ms web end"));
}

/// Runs a nested process whose script is `what`; the callback lasts 100 ms.
result<> nest(const scripted& what, std::chrono::nanoseconds forced_after = 1h, bool stop_it_first = false) {
  const runnable script = what;
  const auto body = [&](context& ctx) -> task<> {
    process web(ctx, script, "web");
    const auto use = [&](context&) -> task<> {
      if (stop_it_first) web.request_stop(error("from inside"));
      co_await testing::deaf_sleep(100ms);
      co_return {};
    };
    deadline_context own(ctx, forced_after);
    const runnable nested = start_stop(web);
    const auto outcome = co_await nested.run(own, use);
    EXPECT_TRUE(web.is_done());
    co_return outcome;
  };
  return run_virtual(body);
}

TEST(StartStop, PR14_ProcessThatFailedMeanwhileGivesItsError) {
  const auto outcome = nest(scripted("web").lose_after(10ms).fail_with(error("crashed")));
  EXPECT_EQ(outcome.error().to_string(), "run: crashed");
}

TEST(StartStop, PR14_ProcessThatEndedMeanwhileWithSuccessIsNoFailure) {
  EXPECT_TRUE(nest(scripted("web").lose_after(10ms)).has_value());
  EXPECT_TRUE(nest(scripted("web").lose_after(10ms).winds_down_in(1s)).has_value());
}

TEST(StartStop, PR14_ProcessThatOthersStoppedIsWaitedForAndGivesTheirCause) {
  EXPECT_EQ(nest(scripted("web").winds_down_in(1s), 1h, true).error().to_string(), "run: from inside");
}

TEST(StartStop, PR14_ProcessThatIsEndingIsForcedWhenTheContextStops) {
  const auto outcome = nest(scripted("web").winds_down_in(1h), 10s, true);
  EXPECT_EQ(outcome.error().reason(), stop_reason::deadline);
}

TEST(StartStop, PR14_ProcessThatDoesNotStartFailsTheRun) {
  const auto outcome = nest(scripted("web").end_before_ready());
  EXPECT_EQ(outcome.error().code(), make_error_code(errc::ended_before_ready));
}

}  // namespace
}  // namespace steward
