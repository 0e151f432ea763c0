// SPDX-License-Identifier: Apache-2.0
//
// Eleven faults that the Go package of which this library is a reimplementation was seen to have. Each has a test here, under its number.
#include "group_fixture.hpp"
#include "manager_fixture.hpp"
#include "steward/detail/beside.hpp"
#include "steward/parallel.hpp"
#include "steward/process.hpp"
#include "steward/sequential.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace steward::test {
namespace {

class GoFaultOfManager : public manager_test {};
class GoFaultOfProcess : public virtual_test {};
class GoFaultOfGroup : public group_test {};

TEST_F(GoFaultOfManager, 1_AnEntryThatIsStuckInStartingDoesNotKeepTheManagerFromEnding) {
  table_.put("stuck", runnable(scripted("stuck", log).hang()));
  table_.put("web", runnable(scripted("web", log)));
  run(table_);
  time.advance(1s);
  ASSERT_TRUE(is_ready);
  const auto before = time.elapsed();
  release();
  EXPECT_TRUE(running->done());
  EXPECT_EQ(time.elapsed(), before);
  EXPECT_FALSE(root.is_stopped());
}

TEST_F(GoFaultOfManager, 1_NorDoesATableThatIsStuckInItsFirstPass) {
  faulty_table faulty(table_);
  faulty.on_every_fetch(fault::hanging());
  run(faulty);
  time.advance(1s);
  ASSERT_TRUE(is_ready);
  release();
  EXPECT_TRUE(running->done());
}

TEST_F(GoFaultOfManager, 2_AStartWhileTheKeyStopsLeavesOneAlive) {
  testing::for_each_seed(testing::affordable(200), [](std::uint64_t seed) {
    virtual_scheduler time(seed);
    root_context root(time);
    rows table;
    scripted web("web");
    web.winds_down_in(10ms).ready_after(1ms);
    table.put("web", runnable(web));
    fleet kept(table);
    gate released;
    auto hold = [&](context&) -> task<> {
      co_await released.passed();
      co_return {};
    };
    background<void> running(time, kept.run(root, hold));
    time.advance(5ms);
    background<void> stopped(time, kept.stop(root, "web"));
    EXPECT_TRUE(time.run_until([&] { return kept.status("web")->state == row_state::stopping; }));
    background<fleet::value_pointer> first(time, kept.start(root, "web"));
    background<fleet::value_pointer> second(time, kept.start(root, "web"));
    time.advance(1s);
    EXPECT_EQ(web.most_alive(), 1U);
    EXPECT_EQ(web.alive(), 1U);
    EXPECT_TRUE(kept.get("web"));
    released.open();
    time.advance(1s);
    EXPECT_TRUE(running.done());
    EXPECT_EQ(web.alive(), 0U);
  });
}

TEST_F(GoFaultOfManager, 3_ACrashIsFollowedByARestartAtThatInstantAndNotByTheNextPass) {
  scripted web("web", log);
  web.lose_after(7ms).fail_with(error("crash")).then(scripted("web again", log));
  table_.put("web", runnable(web));
  run(table_);
  time.advance(10ms);
  EXPECT_EQ(log.when("web again start"), 7ms);
  EXPECT_EQ(kept->passes(), 1U);
  EXPECT_TRUE(kept->get("web"));
  finish();
}

TEST_F(GoFaultOfProcess, 4_AnEndBeforeReadyHasAMessage) {
  EXPECT_EQ(text(run_virtual([&](context& ctx) -> task<> {
              process web(ctx, quick("web", log).end_before_ready());
              co_return co_await web.start(ctx);
            })),
            "run: ended before it was ready");
}

TEST_F(GoFaultOfProcess, 5_StartDoesNotSucceedForAProcessThatAStopHasEnded) {
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

TEST_F(GoFaultOfGroup, 6_AGroupEndsWhenItsParentStopsWhileTheLastOneStarts) {
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

TEST_F(GoFaultOfGroup, 7_ParallelDoesNotSucceedWithoutItsCallback) {
  run(parallel(runnable(quick("a", log).end_before_ready()), runnable(quick("b", log))));
  EXPECT_FALSE(log.has("main"));
  EXPECT_EQ(outcome(), "ended before it was ready");
}

TEST_F(GoFaultOfGroup, 8_TheCallbackIsNotCalledWithAStoppedContext) {
  run(parallel(runnable(quick("a", log).lose_after(1ms)), runnable(quick("b", log).ready_after(2ms).ignore_stop())));
  time.advance(10ms);
  EXPECT_FALSE(log.has("main"));
  EXPECT_FALSE(handed_stopped_at_call);
  EXPECT_TRUE(running->done());
}

TEST_F(GoFaultOfGroup, 9_SequentialStartsNothingAfterAFailure) {
  run(sequential(runnable(quick("a", log).end_before_ready(fail(error("no")))), runnable(quick("b", log))));
  EXPECT_FALSE(log.has("b start"));
  EXPECT_EQ(outcome(), "no");
}

TEST_F(GoFaultOfManager, 10_TheLateFailureOfAStartLeavesItsSuccessorAlone) {
  scripted web("web", log);
  web.ready_after(10ms).ignore_stop().fail_with(error("late")).then(scripted("web", log));
  run(table_);
  table_.put("web", runnable(web));
  background<fleet::value_pointer> first(time, kept->start(root, "web"));
  time.advance(1ms);
  background<void> stopped(time, kept->stop(root, "web"));
  time.advance(1ms);
  background<fleet::value_pointer> second(time, kept->start(root, "web"));
  time.advance(20ms);
  ASSERT_TRUE(first.done());
  EXPECT_FALSE(first.outcome());
  ASSERT_TRUE(second.done());
  EXPECT_EQ(text(second.outcome()), "success");
  EXPECT_EQ(text(kept->get("web")), "success");
  background<fleet::value_pointer> third(time, kept->start(root, "web"));
  time.run_until_idle();
  EXPECT_EQ(text(third.outcome()), "process: process already exists");
  EXPECT_EQ(web.most_alive(), 1U);
  finish();
  EXPECT_TRUE(stopped.done());
}

TEST_F(GoFaultOfManager, 11_TheCallbackIsNotCalledUnderAStoppedContext) {
  root.stop(stop_reason::shutdown);
  table_.put("web", runnable(scripted("web", log)));
  run(table_);
  EXPECT_FALSE(is_ready);
  EXPECT_FALSE(log.has("web start"));
  ASSERT_TRUE(running->done());
  EXPECT_EQ(text(running->outcome()), "stopped: shutdown");
}

TEST_F(GoFaultOfManager, 11_NorIsItInAnyOrderOfTheStopAndTheEndOfTheInitialWait) {
  testing::for_each_seed(testing::affordable(200), [](std::uint64_t seed) {
    virtual_scheduler time(seed);
    root_context root(time);
    rows table;
    table.put("slow", runnable(scripted("slow").ready_after(5ms)));
    fleet kept(table);
    bool called_stopped = false;
    const auto wait = [](context& ctx) -> task<> {
      (void)co_await ctx.stopped();
      co_return {};
    };
    // No coroutine: it looks inside the call.
    auto look = [&](context& ctx) -> task<> {
      called_stopped = ctx.is_stopped();
      return wait(ctx);
    };
    background<void> running(time, kept.run(root, look));
    auto stop = [&]() -> task<> {
      co_await deaf_sleep(5ms);
      root.stop();
      co_return {};
    };
    background<void> stopping(time, std::move(stop));
    time.advance(1min);
    EXPECT_TRUE(running.done());
    EXPECT_FALSE(called_stopped);
  });
}

}  // namespace
}  // namespace steward::test
