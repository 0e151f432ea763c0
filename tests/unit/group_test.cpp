// SPDX-License-Identifier: Apache-2.0
#include "group_fixture.hpp"
#include "steward/named.hpp"
#include "steward/parallel.hpp"
#include "steward/sequential.hpp"
#include "steward/stop_callback.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace steward::test {
namespace {

class Parallel : public group_test {};
class Sequential : public group_test {};

TEST_F(Parallel, P1_NoneIsNopAndOneIsItself) {
  release.open();
  run(parallel());
  EXPECT_EQ(outcome(), "success");
  EXPECT_EQ(handed, &root);
  run(parallel(runnable(quick("a", log))));
  EXPECT_EQ(handed, &root);
}

TEST_F(Parallel, P2_AllStartAtOnceAndTheCallbackRunsWhenAllAreReady) {
  run(parallel(runnable(quick("a", log).ready_after(5ms)), runnable(quick("b", log).ready_after(9ms))));
  time.advance(10ms);
  EXPECT_EQ(log.when("a start"), 0ms);
  EXPECT_EQ(log.when("b start"), 0ms);
  EXPECT_EQ(log.when("main"), 9ms);
  release.open();
  time.run_until_idle();
  EXPECT_EQ(outcome(), "success");
}

TEST_F(Parallel, P3_AFailedStartCancelsTheOthersAndTellsAllErrors) {
  run(parallel(named("a", quick("a", log)), named("b", quick("b", log).ready_after(3ms).end_before_ready(fail(error("no disk")))),
               named("c", quick("c", log).hang())));
  time.advance(5ms);
  EXPECT_FALSE(log.has("main"));
  EXPECT_TRUE(log.in_order("c forced", "a released"));
  EXPECT_FALSE(log.has("a forced"));
  ASSERT_TRUE(running->done());
  EXPECT_EQ(outcome(), "b: no disk");
  EXPECT_NE(running->outcome().error().to_tree().find("also: c:"), std::string::npos);
}

TEST_F(Parallel, P4_LostDependencyStopsTheCallback) {
  run(parallel(runnable(quick("a", log).lose_after(5ms)), runnable(quick("b", log))));
  time.advance(5ms);
  EXPECT_TRUE(handed->is_stopped());
  EXPECT_EQ(handed->stop_error()->reason(), stop_reason::dependency_lost);
  EXPECT_FALSE(log.has("b released"));
  release.open();
  time.run_until_idle();
  EXPECT_TRUE(log.in_order("main stopped", "b released"));
  EXPECT_FALSE(log.has("b forced"));
  EXPECT_EQ(outcome(), "success");
}

TEST_F(Parallel, P5_AStopForcesAllAtOnceAndTheyWaitForTheCallback) {
  run(parallel(runnable(quick("a", log).hands_child().winds_down_in(1ms)), runnable(quick("b", log).hands_child().winds_down_in(1ms))));
  root.stop();
  time.advance(10ms);
  EXPECT_FALSE(log.has("a released"));
  release.open();
  time.run_until_idle();
  EXPECT_TRUE(log.in_order("main stopped", "a released"));
  EXPECT_TRUE(log.has("a forced"));
  EXPECT_TRUE(log.has("b forced"));
  EXPECT_TRUE(running->done());
}

TEST_F(Parallel, P6_P9_CallbacksOfDependenciesReturnAfterTheMainOneAllAtOnce) {
  run(parallel(runnable(quick("a", log).winds_down_in(5ms)), runnable(quick("b", log).winds_down_in(5ms))));
  time.advance(1ms);
  release.open();
  time.advance(5ms);
  EXPECT_TRUE(log.in_order("main returned", "a released"));
  EXPECT_EQ(log.when("a released"), log.when("b released"));
  EXPECT_EQ(log.when("a end"), log.when("b end"));
  EXPECT_EQ(outcome(), "success");
}

TEST_F(Parallel, P7_TheCallbacksErrorWinsElseTheErrorsJoined) {
  release.open();
  const runnable both = parallel(runnable(quick("a", log).fail_with(error("a broke"))), runnable(quick("b", log).fail_with(error("b broke"))));
  run(both);
  EXPECT_EQ(outcome(), "a broke; b broke");
  of_callback = fail(error("main broke"));
  run(both);
  EXPECT_EQ(outcome(), "main broke");
}

TEST_F(Parallel, P8_HasEndedWhenRunCompletes) {
  scripted slow("slow", log);
  slow.winds_down_in(1h);
  release.open();
  run(parallel(runnable(slow), runnable(quick("b", log))));
  EXPECT_FALSE(running->done());
  time.advance(1h);
  EXPECT_TRUE(running->done());
  EXPECT_EQ(slow.alive(), 0U);
}

TEST_F(Parallel, P10_ALossWhileOthersStartIsAFailedStart) {
  run(parallel(runnable(quick("a", log).lose_after(1ms)), runnable(quick("b", log).hang())));
  time.advance(1ms);
  EXPECT_FALSE(log.has("main"));
  EXPECT_EQ(outcome(), "stopped: dependency_lost");
}

TEST_F(Parallel, P11_OneThatIsReadyTooLateIsStoppedAtOnce) {
  run(parallel(runnable(quick("a", log).end_before_ready(fail(error("no")))), runnable(quick("b", log).ready_after(5ms).ignore_stop())));
  time.advance(5ms);
  EXPECT_EQ(log.when("b released"), 5ms);
  EXPECT_EQ(outcome(), "no");
}

TEST_F(Parallel, P12_AStopBeforeAllAreReadyIsTheResult) {
  run(parallel(runnable(quick("a", log)), runnable(quick("b", log).ready_after(5ms).ignore_stop())));
  root.stop(stop_reason::shutdown);
  time.advance(5ms);
  EXPECT_FALSE(log.has("main"));
  EXPECT_EQ(outcome(), "stopped: shutdown");
}

TEST_F(Parallel, R1_ASecondCallOfTheCallbackIsRefused) {
  release.open();
  run(parallel(runnable(quick("a", log).calls_twice()), runnable(quick("b", log))));
  EXPECT_EQ(outcome(), "success");
  EXPECT_EQ(log.count("main"), 1U);
}

TEST_F(Parallel, ContextTable_EachDependencyHasAChildOfItsOwn) {
  std::vector<context*> given;
  const auto look = [&given](context& ctx, callback ready) -> task<> {
    given.push_back(&ctx);
    co_return co_await ready(ctx);
  };
  run(parallel(look, look));
  ASSERT_EQ(given.size(), 2U);
  EXPECT_NE(given[0], given[1]);
  EXPECT_NE(given[0], &root);
  EXPECT_NE(handed, given[0]);
  EXPECT_TRUE(handed->descends_from(root));
  EXPECT_FALSE(handed->descends_from(*given[0]));
  release.open();
  time.run_until_idle();
  EXPECT_EQ(outcome(), "success");
}

TEST_F(Parallel, AHundredThousandStartFailAndEnd) {
  constexpr std::size_t many = 100'000;
  release.open();
  run(parallel(std::vector<runnable>(many, nop())));
  EXPECT_EQ(outcome(), "success");
  std::vector<runnable> parts(many, nop());
  parts.emplace_back(quick("last", log).end_before_ready(fail(error("last"))));
  run(parallel(parts));
  EXPECT_EQ(outcome(), "last");
}

TEST_F(Sequential, S1_StartsAndStopsInOrderOneAfterTheOther) {
  run(sequential(runnable(quick("a", log).ready_after(2ms).winds_down_in(3ms)), runnable(quick("b", log).ready_after(2ms).winds_down_in(3ms))));
  time.advance(4ms);
  EXPECT_EQ(log.when("b start"), 2ms);
  EXPECT_EQ(log.when("main"), 4ms);
  release.open();
  time.advance(6ms);
  EXPECT_TRUE(log.in_order("a end", "b released"));
  EXPECT_EQ(outcome(), "success");
}

TEST_F(Sequential, S1_ALossDoesNotForceLaterOnes) {
  run(sequential(runnable(quick("a", log).hands_child().lose_after(2ms)), runnable(quick("b", log).hands_child())));
  time.advance(2ms);
  EXPECT_TRUE(handed->is_stopped());
  release.open();
  time.run_until_idle();
  EXPECT_FALSE(log.has("b forced"));
  EXPECT_EQ(outcome(), "success");
}

TEST_F(Sequential, S2_AfterAFailedStartNoLaterOneIsStarted) {
  run(sequential(runnable(quick("a", log)), runnable(quick("b", log).end_before_ready(fail(error("no")))), runnable(quick("c", log))));
  EXPECT_FALSE(log.has("c start"));
  EXPECT_TRUE(log.in_order("b end", "a released"));
  EXPECT_EQ(outcome(), "no");
}

TEST_F(Sequential, S1_NothingMoreStartsAfterAStop) {
  run(sequential(runnable(quick("a", log).ready_after(5ms).ignore_stop()), runnable(quick("b", log))));
  root.stop();
  time.advance(5ms);
  EXPECT_FALSE(log.has("b start"));
  EXPECT_EQ(outcome(), "stopped: requested");
}

TEST_F(Parallel, P3_AFailureBeforeAStopStaysTheResult) {
  run(parallel(runnable(quick("a", log).ready_after(1ms).end_before_ready(fail(error("no disk")))),
               runnable(quick("b", log).ready_after(5ms).ignore_stop().end_before_ready(fail(error("late"))))));
  time.advance(2ms);
  root.stop(stop_reason::shutdown);
  time.advance(5ms);
  EXPECT_FALSE(log.has("main"));
  EXPECT_EQ(outcome(), "no disk; late");
}

TEST_F(Parallel, R10_ASuccessBeforeReadyIsAFailedStart) {
  run(parallel(runnable(quick("a", log)), runnable(quick("b", log).ready_after(1ms).end_before_ready()), runnable(quick("c", log).hang())));
  time.advance(1ms);
  EXPECT_FALSE(log.has("main"));
  EXPECT_TRUE(log.has("c forced"));
  EXPECT_EQ(outcome(), "ended before it was ready");
}

TEST_F(Parallel, P3_ACancelledOneThatEndsWithSuccessIsNoFailureOfItsOwn) {
  run(parallel(runnable(quick("a", log).ready_after(1ms).end_before_ready(fail(error("no")))),
               runnable(quick("b", log).ready_after(5ms).ignore_stop().end_before_ready())));
  time.advance(5ms);
  EXPECT_EQ(outcome(), "no");
}

TEST_F(Sequential, P11_OneThatIsReadyAfterALossIsStoppedAtOnce) {
  run(sequential(runnable(quick("a", log).lose_after(1ms).winds_down_in(10ms)), runnable(quick("b", log).ready_after(5ms).ignore_stop()),
                 runnable(quick("c", log))));
  time.advance(1min);
  EXPECT_FALSE(log.has("main"));
  EXPECT_FALSE(log.has("c start"));
  EXPECT_EQ(log.when("b released"), 5ms);
  EXPECT_EQ(log.when("a end"), 15ms);
  EXPECT_TRUE(running->done());
}

TEST_F(Sequential, S2_NothingStartsUnderAStoppedContextWhateverADependencyHandsOn) {
  context elsewhere(root);
  root_context own_root(time);
  const auto foreign = [&](context&, callback ready) -> task<> {
    co_await deaf_sleep(5ms);
    co_return co_await ready(elsewhere);
  };
  const runnable both = sequential(foreign, runnable(quick("b", log)));
  background<void> job(time, both.run(own_root, main));
  time.advance(1ms);
  own_root.stop(stop_reason::shutdown);
  time.advance(10ms);
  EXPECT_FALSE(log.has("b start"));
  EXPECT_FALSE(log.has("main"));
  ASSERT_TRUE(job.done());
  EXPECT_EQ(text(job.outcome()), "stopped: shutdown");
}

/// Hands on what is lost already: a context of its own, or one of another tree.
task<> hands_on_a_stopped_child(context& ctx, callback ready) {
  context lost(ctx);
  lost.stop();
  co_return co_await ready(lost);
}
task<> hands_on_a_stopped_stranger(context& ctx, callback ready) {
  root_context lost(ctx.scheduler());
  lost.stop();
  co_return co_await ready(lost);
}

TEST_F(Parallel, P10_OneThatHandsOnALostContextIsAFailedStart) {
  for (const auto lost : {&hands_on_a_stopped_child, &hands_on_a_stopped_stranger}) {
    run(parallel(lost, runnable(quick("b", log))));
    EXPECT_FALSE(log.has("main"));
    EXPECT_TRUE(log.has("b released"));
    EXPECT_FALSE(log.has("b forced"));
    EXPECT_EQ(outcome(), "stopped: dependency_lost");
  }
}

TEST_F(Sequential, S2_OneThatHandsOnALostContextIsAFailedStart) {
  for (const auto lost : {&hands_on_a_stopped_child, &hands_on_a_stopped_stranger}) {
    run(sequential(lost, runnable(quick("b", log))));
    EXPECT_FALSE(log.has("b start"));
    EXPECT_EQ(outcome(), "stopped: dependency_lost");
  }
}

TEST_F(Parallel, P4_ALossIsSeenOnAContextOfAnotherTreeToo) {
  root_context elsewhere(time);
  const auto foreign = [&elsewhere](context&, callback ready) -> task<> { co_return co_await ready(elsewhere); };
  run(parallel(foreign, runnable(quick("b", log))));
  EXPECT_FALSE(handed->is_stopped());
  elsewhere.stop();
  EXPECT_TRUE(handed->is_stopped());
  EXPECT_EQ(handed->stop_error()->reason(), stop_reason::dependency_lost);
  release.open();
  time.run_until_idle();
  EXPECT_FALSE(log.has("b forced"));
  EXPECT_EQ(outcome(), "success");
}

TEST_F(Parallel, P3_WhoIsCancelledIsToldThatASiblingFailed) {
  std::optional<error> told;
  const auto starting = [&told](context& ctx, callback) -> task<> {
    const error why = co_await ctx.stopped();
    told = why;
    co_return why;
  };
  run(parallel(starting, runnable(quick("b", log).end_before_ready(fail(error("no"))))));
  ASSERT_TRUE(told);
  EXPECT_EQ(told->reason(), stop_reason::sibling_failed);
  EXPECT_EQ(outcome(), "no");
}

TEST_F(Parallel, R4_TheContextOfADependencyIsStoppedAtItsEnd) {
  const context* of_first = nullptr;
  bool graceful = false;
  const auto first = [&](context& ctx, callback ready) -> task<> {
    of_first = &ctx;
    auto of_ready = co_await ready(ctx);
    graceful = !ctx.is_stopped();
    co_return of_ready;
  };
  release.open();
  run(parallel(first, runnable(quick("b", log).winds_down_in(5ms))));
  ASSERT_FALSE(running->done());
  EXPECT_TRUE(graceful);
  EXPECT_TRUE(of_first->is_stopped());
  time.advance(5ms);
  EXPECT_EQ(outcome(), "success");
}

TEST_F(Parallel, R4_TheContextOfTheMainCallbackIsStoppedWhenItHasReturned) {
  std::optional<stop_callback<std::function<void()>>> watch;
  bool returned = false;
  bool stopped_after = false;
  main = [&](context& ctx) -> task<> {
    watch.emplace(ctx, [&] {
      stopped_after = returned;
      watch.reset();
    });
    returned = true;
    co_return {};
  };
  run(parallel(runnable(quick("a", log)), runnable(quick("b", log))));
  EXPECT_TRUE(stopped_after);
  EXPECT_EQ(outcome(), "success");
}

TEST_F(Parallel, P12_AStopBetweenTheLastReadyAndTheCallbackIsTheResult) {
  virtual_scheduler other_thread;
  root_context far(other_thread);
  const auto elsewhere = [&far](context&, callback ready) -> task<> { co_return co_await ready(far); };
  run(parallel(elsewhere, elsewhere));
  other_thread.run_until_idle();  // all are ready, and the group is about to go on
  root.stop(stop_reason::shutdown);
  time.run_until_idle();
  other_thread.run_until_idle();
  time.run_until_idle();
  EXPECT_FALSE(log.has("main"));
  EXPECT_EQ(outcome(), "stopped: shutdown");
}

TEST_F(Parallel, E3_ErrorsThatLostAreKeptBesideTheOneThatWon) {
  const auto tree = [this] { return running->outcome().error().to_tree(); };
  release.open();
  of_callback = fail(error("main broke"));
  run(parallel(runnable(quick("a", log).fail_with(error("a broke"))), runnable(quick("b", log))));
  EXPECT_EQ(tree(), "main broke\nalso: a broke\n");
  run(parallel(runnable(quick("a", log).end_before_ready(fail(error("a broke")))), runnable(quick("b", log).hang())));
  EXPECT_EQ(tree(), "a broke\nalso: stopped: sibling_failed\n");
  run(parallel(runnable(quick("a", log).lose_after(1ms)), runnable(quick("b", log).hang())));
  time.advance(1ms);
  EXPECT_EQ(tree(), "stopped: dependency_lost\nalso: stopped: sibling_failed\n");
  run(parallel(runnable(quick("a", log).ready_after(1ms).ignore_stop().fail_with(error("a broke"))), runnable(quick("b", log).hang())));
  root.stop(stop_reason::shutdown);
  time.advance(1ms);
  EXPECT_EQ(tree(), "stopped: shutdown\nalso: a broke\nalso: stopped: shutdown (inherited)\n");
}

}  // namespace
}  // namespace steward::test
