// SPDX-License-Identifier: Apache-2.0
//
// When a supervised component is ready, lost, stopped and gone, and what its callback sees of it.
#include "failing_frames.hpp"
#include "steward/chain.hpp"
#include "steward/deadlines.hpp"
#include "supervised_fixture.hpp"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace steward::test {
namespace {

using Supervised = supervised_test;

TEST_F(Supervised, R1_IsReadyWithTheFirstIncarnationAndCallsItsCallbackOnce) {
  const scripted web = scripted("web", log).ready_after(10ms).lose_after(1s);
  run(supervised(web, exactly()));
  time.advance(10ms);
  EXPECT_EQ(log.when("in use"), 10ms);
  time.advance(10s);
  EXPECT_GT(web.runs(), 3U);
  EXPECT_EQ(callbacks, 1);
  EXPECT_FALSE(log.has("lost"));
  end_callback();
  EXPECT_EQ(outcome(), "success");
}

TEST_F(Supervised, ACallbackThatReturnsDuringADelayEndsTheRunAtOnce) {
  const scripted web = scripted("web").lose_after(1ms).fail_with(error("broke"));
  run(supervised(web, exactly()));
  time.advance(100ms);  // the second one is over, and the third due at 202 ms
  EXPECT_FALSE(log.has("lost"));
  end_callback();
  EXPECT_EQ(outcome(), "success");
  EXPECT_EQ(time.leftovers(), 0U);
  EXPECT_EQ(web.runs(), 2U);
}

TEST_F(Supervised, ACallbackThatReturnsDuringAStartForcesItAndThatIsNoFailure) {
  run(supervised(scripted("web", log).lose_after(1s).then(scripted("web", log).ready_after(1h)), exactly()));
  time.advance(2s);
  EXPECT_FALSE(ended());
  end_callback();
  EXPECT_EQ(outcome(), "success");
  EXPECT_TRUE(log.has("web forced"));
}

TEST_F(Supervised, AStartThatFailsWhileItIsGivenUpSaysSo) {
  int made = 0;
  const auto make = [&made]() -> result<runnable> {
    if (++made == 1) return scripted("web").lose_after(1s);
    return [](context& ctx, callback) -> task<> {
      (void)co_await ctx.stopped();
      co_return error("half written");
    };
  };
  run(supervised(make, exactly()));
  time.advance(2s);
  end_callback();
  EXPECT_EQ(outcome(), "half written");
}

TEST_F(Supervised, R4_LoseStopsTheCallbackAtTheInstantOfTheLossAndEndsWithTheCause) {
  auto how = exactly();
  how.on_loss = when_lost::lose;
  const scripted web = scripted("web", log).lose_after(1s).winds_down_in(10ms).fail_with(error("disk full"));
  run(supervised(web, how));
  time.advance(5s);
  EXPECT_EQ(log.when("lost"), 1s);
  EXPECT_FALSE(log.has("web released")) << "it does not wait for the callback that uses it";
  end_callback();
  EXPECT_EQ(stopped_with->reason(), stop_reason::dependency_lost);
  time.advance(10ms);
  EXPECT_EQ(outcome(), "disk full");
  EXPECT_EQ(web.runs(), 1U);
}

TEST_F(Supervised, LoseStartsAgainOnlyWhatWasNotReadyYet) {
  auto how = exactly();
  how.on_loss = when_lost::lose;
  std::vector<std::pair<exit_reason, verdict>> ends;
  how.after = [&ends](const exit& ended, const restart_decision& next) { ends.emplace_back(ended.reason, next.what); };
  run(supervised(scripted("web").end_before_ready().then(scripted("web").lose_after(1s)), how));
  EXPECT_EQ(callbacks, 1);
  time.advance(1s);
  end_callback();
  EXPECT_EQ(outcome(), "success");
  EXPECT_THAT(ends, ElementsAre(std::pair(exit_reason::ended_before_ready, verdict::restart), std::pair(exit_reason::completed, verdict::completed)));
}

TEST_F(Supervised, R3_AStopDuringADelayBeforeTheFirstReadyEndsItAtOnceAndKeepsTheFailureBeside) {
  run(supervised(scripted("web").end_before_ready(fail(error("refused"))), exactly()));
  time.advance(100ms);
  top.stop(stop_reason::shutdown);
  time.run_until_idle();
  EXPECT_TRUE(failure().is_stop());
  EXPECT_EQ(failure().reason(), stop_reason::shutdown);
  EXPECT_THAT(failure().to_tree(), ::testing::HasSubstr("also: refused"));
  EXPECT_EQ(callbacks, 0);
  EXPECT_EQ(time.leftovers(), 0U);
}

TEST_F(Supervised, R3_AStopDuringTheFirstStartEndsItAtOnce) {
  run(supervised(scripted("web", log).hang(), exactly()));
  time.advance(100ms);
  top.stop(stop_reason::shutdown);
  time.run_until_idle();
  EXPECT_EQ(failure().to_tree(), top.stop_error()->to_tree());
  EXPECT_EQ(log.when("web forced"), 100ms);
  EXPECT_EQ(callbacks, 0);
}

TEST_F(Supervised, WhatIsReadyAfterTheStopIsNotHandedOnWhateverContextItHandsOn) {
  const runnable elsewhere = [this](context&, callback ready) -> task<> {
    co_await deaf_sleep(1s);
    context handed(root);
    co_return co_await ready(handed);
  };
  run(supervised(elsewhere, exactly()));
  top.stop(stop_reason::shutdown);
  time.advance(1s);
  EXPECT_EQ(callbacks, 0);
  EXPECT_EQ(outcome(), "stopped: shutdown");
}

TEST_F(Supervised, R4_TheContextOfAnIncarnationIsStoppedWhenThatIsGone) {
  auto how = exactly({}, restart::never);
  const context* own = nullptr;
  bool stopped = false;
  how.before = [&own](context& ctx, std::uint64_t) -> task<> {
    own = &ctx;
    co_return {};
  };
  how.after = [&](const exit&, const restart_decision&) { stopped = own->is_stopped(); };
  run(supervised(scripted("web").end_before_ready(), how));
  EXPECT_TRUE(stopped);
}

TEST_F(Supervised, NothingIsStartedUnderAContextThatIsStopped) {
  top.stop(stop_reason::shutdown);
  const scripted web("web");
  run(supervised(web));
  EXPECT_EQ(web.runs(), 0U);
  EXPECT_EQ(failure().reason(), stop_reason::shutdown);
}

TEST_F(Supervised, R2_WhenTheCallbackReturnsTheIncarnationWindsDownGracefully) {
  const scripted web = scripted("web", log).winds_down_in(1h);
  run(supervised(web, exactly()));
  end_callback();
  EXPECT_FALSE(ended());
  time.advance(1h);
  EXPECT_EQ(outcome(), "success");
  EXPECT_FALSE(log.has("web forced"));
  EXPECT_EQ(web.runs(), 1U) << "an end that was asked for is not followed by a restart";
}

TEST_F(Supervised, R6_ForcedTheIncarnationStaysUntilTheCallbackHasReturned) {
  auto how = exactly();
  std::optional<exit_reason> reason;
  how.after = [&reason](const exit& ended, const restart_decision&) { reason = ended.reason; };
  run(supervised(scripted("web", log).winds_down_in(1h), how));
  top.stop(stop_reason::shutdown);
  time.run_until_idle();
  EXPECT_TRUE(log.has("lost"));
  EXPECT_FALSE(log.has("web released"));
  end_callback();
  EXPECT_TRUE(log.has("web forced"));
  EXPECT_TRUE(ended());
  EXPECT_EQ(reason, exit_reason::forced);
}

TEST_F(Supervised, R6_ThoseWhoIgnoreTheirContextAreWaitedFor) {
  run(supervised(scripted("web", log).lose_after(1s).then(scripted("web", log).ready_after(10s).winds_down_in(10s).ignore_stop()), exactly()));
  time.advance(2s);
  end_callback();
  time.advance(18s);
  EXPECT_FALSE(ended());
  time.advance(1s);
  EXPECT_EQ(outcome(), "success");
}

TEST_F(Supervised, R5_TheCallbacksErrorIsTheResultAndWhatFailedIsKeptBeside) {
  returns = fail(error("in use"));
  run(supervised(scripted("web").fail_with(error("disk full")).lose_after(1s), exactly(at_most(0))));
  time.advance(1s);
  end_callback();
  EXPECT_EQ(outcome(), "in use");
  EXPECT_THAT(failure().to_tree(), ::testing::HasSubstr("also: gave up after 0 restarts within 1m:"));
}

TEST_F(Supervised, WhoHandsOnAContextThatIsStoppedIsNotReady) {
  const runnable useless = [](context& ctx, callback ready) -> task<> {
    context handed(ctx);
    handed.stop();
    co_return co_await ready(handed);
  };
  run(supervised(useless, exactly(at_most(0))));
  EXPECT_EQ(callbacks, 0);
  EXPECT_EQ(outcome(), "gave up after 0 restarts within 1m: ended before it was ready");
}

TEST_F(Supervised, R1_ASecondCallOfTheCallbackIsRefused) {
  run(supervised(scripted("web").calls_twice(), exactly()));
  end_callback();
  EXPECT_EQ(callbacks, 1);
  EXPECT_EQ(outcome(), "success");
}

TEST_F(Supervised, ACallbackThatStopsItsContextEndsTheRestartsAndIsWaitedFor) {
  const scripted web = scripted("web").lose_after(1s);
  bool over = false;
  auto what = supervised(web, exactly());
  const auto stops = [&](context& ctx) -> task<> {
    ctx.stop();
    co_await deaf_sleep(10s);
    EXPECT_EQ(web.alive(), 1U);
    over = true;
    co_return {};
  };
  background<void> job(time, what.run(top, stops));
  time.run();
  EXPECT_TRUE(over);
  EXPECT_EQ(web.runs(), 1U);
  EXPECT_EQ(job.text(), "success");
}

TEST_F(Supervised, ARequestToStopFromInsideAnIncarnationIsForTheWholeProgram) {
  const runnable gives_up = [](context& ctx, callback ready) -> task<> {
    ctx.request_stop(error("licence expired"));
    co_return co_await ready(ctx);
  };
  run(supervised(gives_up, exactly()));
  EXPECT_TRUE(ended());
  ASSERT_TRUE(root.cause());
  EXPECT_EQ(root.cause()->to_string(), "licence expired");
}

TEST_F(Supervised, InAChainTheLaterStagesGoOnDuringARestart) {
  const scripted feed = scripted("feed", log).lose_after(1s).winds_down_in(1ms).then(scripted("second feed", log));
  const scripted http = scripted("http", log);
  run(chain(supervised(feed, exactly()), http));
  time.advance(2s);
  EXPECT_EQ(feed.runs(), 2U);
  EXPECT_EQ(http.runs(), 1U);
  EXPECT_FALSE(log.has("http forced"));
  end_callback();
  EXPECT_TRUE(log.in_order("http end", "second feed released"));
  EXPECT_EQ(outcome(), "success");
}

TEST_F(Supervised, DeadlinesAroundItLimitAllStartsTogetherAndInsideEach) {
  run(deadlines(supervised(scripted("web").end_before_ready(), exactly()), 1s));
  time.advance(2s);
  EXPECT_EQ(outcome(), "not ready within 1s: stopped: deadline");

  const scripted slow = scripted("web").hang().then(scripted("web").winds_down_in(1h));
  auto how = exactly();
  std::optional<exit_reason> first;
  how.after = [&first](const exit& ended, const restart_decision&) { first = first.value_or(ended.reason); };
  run(supervised(deadlines(slow, 1s, 5s), how));
  time.advance(2s);
  EXPECT_EQ(first, exit_reason::start_deadline);
  EXPECT_EQ(callbacks, 1);
  end_callback();
  time.advance(6s);
  EXPECT_EQ(outcome(), "not stopped within 5s: stopped: deadline");
}

TEST_F(Supervised, R9_RunsSeveralTimesAtTheSameTime) {
  const runnable what = supervised(scripted("web").lose_after(1s).fail_with(error("broke")), exactly(at_most(0)));
  const auto use = [](context& ctx) -> task<> {
    (void)co_await ctx.stopped();
    co_return {};
  };
  background<void> one(time, what.run(top, use));
  time.advance(500ms);
  background<void> two(time, what.run(top, use));
  time.advance(600ms);
  EXPECT_TRUE(one.done());
  EXPECT_FALSE(two.done());
  time.run();
  EXPECT_EQ(two.text(), "gave up after 0 restarts within 1m: broke");
}

TEST_F(Supervised, R7_AFrameForWhichThereIsNoMemoryIsAFailedStart) {
  if (!frames_can_fail) GTEST_SKIP();
  for (std::size_t nth = 1; nth < 12; ++nth) {
    virtual_scheduler here;
    root_context above(here);
    int calls = 0;
    const runnable what = supervised(scripted("web"), exactly());
    const auto use = [&calls](context&) -> task<> {
      ++calls;
      co_return {};
    };
    result<> seen;
    {
      const failing_frames none(nth);
      background<void> job(here, what.run(above, use));
      EXPECT_TRUE(here.run_until([&job] { return job.done(); }));
      seen = job.outcome();
    }
    EXPECT_LE(calls, 1);
    EXPECT_TRUE(seen || seen.error() == error(errc::out_of_memory)) << text(seen);
    EXPECT_TRUE(calls == 1 || !seen) << nth;
  }
}

}  // namespace
}  // namespace steward::test
