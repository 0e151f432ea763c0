// SPDX-License-Identifier: Apache-2.0
#include "steward/detail/beside.hpp"
#include "steward/named.hpp"
#include "steward/parallel.hpp"
#include "steward/process.hpp"
#include "steward/sequential.hpp"
#include "virtual_test.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace steward::test {
namespace {

/// Runs a runnable with a callback that can be looked at.
class group_test : public virtual_test {
 protected:
  void run(const runnable& what) {
    whole = what;
    running.emplace(time, whole.run(root, main));
    time.run_until_idle();
  }
  [[nodiscard]] std::string outcome() {
    EXPECT_TRUE(running->done());
    return running->done() ? text(running->outcome()) : "";
  }

  gate release;
  result<> of_callback;
  context* handed = nullptr;
  bool handed_stopped_at_call = false;
  std::function<task<>(context&)> main = [this](context& ctx) -> task<> {
    handed = &ctx;
    handed_stopped_at_call = ctx.is_stopped();
    log.add(ctx, "main");
    co_await release.passed();
    log.add(ctx, ctx.is_stopped() ? "main stopped" : "main returned");
    co_return of_callback;
  };
  runnable whole;
  std::optional<background<void>> running;
};

class Parallel : public group_test {};
class Sequential : public group_test {};

scripted quick(const std::string& name, journal& log) { return scripted(name, log); }

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

// The faults of the Go package that concern groups.
class GoFault : public group_test {};

TEST_F(GoFault, Fault6_AGroupEndsWhenItsParentStopsWhileTheLastOneStarts) {
  for (const bool in_order : {false, true}) {
    virtual_scheduler own_time;
    root_context own_root(own_time);
    std::vector<runnable> parts{runnable(quick("a", log)), runnable(quick("b", log).ready_after(5ms).ignore_stop())};
    const runnable both = in_order ? sequential(parts) : parallel(parts);
    background<void> ends(own_time, both.run(own_root, main));
    own_time.run_until_idle();
    own_root.stop();
    own_time.advance(1s);
    EXPECT_TRUE(ends.done());
  }
}

TEST_F(GoFault, Fault7_ParallelDoesNotSucceedWithoutItsCallback) {
  run(parallel(runnable(quick("a", log).end_before_ready()), runnable(quick("b", log))));
  EXPECT_FALSE(log.has("main"));
  EXPECT_EQ(outcome(), "ended before it was ready");
}

TEST_F(GoFault, Fault8_TheCallbackIsNotCalledWithAStoppedContext) {
  run(parallel(runnable(quick("a", log).lose_after(1ms)), runnable(quick("b", log).ready_after(2ms).ignore_stop())));
  time.advance(10ms);
  EXPECT_FALSE(log.has("main"));
  EXPECT_FALSE(handed_stopped_at_call);
  EXPECT_TRUE(running->done());
}

TEST_F(GoFault, Fault9_SequentialStartsNothingAfterAFailure) {
  run(sequential(runnable(quick("a", log).end_before_ready(fail(error("no")))), runnable(quick("b", log))));
  EXPECT_FALSE(log.has("b start"));
  EXPECT_EQ(outcome(), "no");
}

TEST_F(GoFault, Fault4_AnEndBeforeReadyHasAMessage) {
  EXPECT_EQ(text(run_virtual([&](context& ctx) -> task<> {
              process web(ctx, quick("web", log).end_before_ready());
              co_return co_await web.start(ctx);
            })),
            "run: ended before it was ready");
}

TEST_F(GoFault, Fault5_StartDoesNotSucceedForAProcessThatAStopHasEnded) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    result<> started;
    bool was_stopped_first = false;
    (void)run_virtual(
        [&](context& ctx) -> task<> {
          process web(ctx, quick("web", log).ready_after(1ms).ignore_stop());
          const auto stop = [&](context& inside) -> task<> { co_return co_await web.stop(inside); };
          detail::beside stopping(ctx.scheduler());
          stopping.start(stop(ctx));
          started = co_await web.start(ctx);
          was_stopped_first = web.state() == process_state::stopped;
          (void)co_await stopping.join();
          if (web.state() == process_state::running) (void)co_await web.stop(ctx);
          co_return {};
        },
        seed);
    EXPECT_FALSE(started && was_stopped_first) << "seed " << seed;
  }
}

}  // namespace
}  // namespace steward::test
