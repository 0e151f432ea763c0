// SPDX-License-Identifier: Apache-2.0
//
// Starts, stops and restarts of single keys of a manager, where they meet each other and the passes.
#include "manager_fixture.hpp"
#include "steward/manager.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace steward::test {
namespace {

class ManagerKeys : public manager_test {
 protected:
  /// Has "app" wait for "db".
  void app_after_db() {
    how.after = [](const std::string& key, const runnable&) { return key == "app" ? std::vector<std::string>{"db"} : std::vector<std::string>{}; };
  }
  [[nodiscard]] std::string start(const std::string& key) {
    background<fleet::value_pointer> started(time, kept->start(root, key));
    EXPECT_TRUE(time.run_until([&] { return started.done(); }));
    return text(started.outcome());
  }
  [[nodiscard]] std::string stop(const std::string& key) {
    background<void> stopped(time, kept->stop(root, key));
    EXPECT_TRUE(time.run_until([&] { return stopped.done(); }));
    return text(stopped.outcome());
  }
  void never_again() {
    how.policy = [](const std::string&, const runnable&) { return restart_policy{.when = restart::never, .delays = {}}; };
  }
};

TEST_F(ManagerKeys, M4_AKeyThatWaitsExists) {
  app_after_db();
  table_.put("app", runnable(scripted("app", log)));
  run(table_);
  ASSERT_EQ(state("app"), row_state::waiting);
  EXPECT_EQ(start("app"), "process: process already exists");
  EXPECT_EQ(state("app"), row_state::waiting);
  finish();
}

TEST_F(ManagerKeys, M4_AKeyThatStartsExists) {
  table_.put("slow", runnable(scripted("slow", log).hang()));
  run(table_);
  EXPECT_EQ(start("slow"), "process: process already exists");
  finish();
}

TEST_F(ManagerKeys, M4_ARowThatIsNotWantedIsNotStarted) {
  run(table_);
  table_.put("web", runnable(scripted("web", log)), wanted::down);
  EXPECT_EQ(start("web"), "process: invalid process state");
  EXPECT_FALSE(log.has("web start"));
  EXPECT_EQ(text(kept->get("web")), "process: process not found");
  finish();
}

TEST_F(ManagerKeys, M4_AFailedStartOfACompletedRowLeavesItCompleted) {
  never_again();
  scripted job("job", log);
  job.lose_after(1ms);
  table_.put("job", runnable(job));
  faulty_table faulty(table_);
  run(faulty);
  time.advance(5ms);
  ASSERT_EQ(state("job"), row_state::completed);
  faulty.on_get(1, fault::failing(error(errc::unreadable)));
  EXPECT_EQ(start("job"), "get process from table: unreadable");
  EXPECT_EQ(state("job"), row_state::completed);
  EXPECT_EQ(start("job"), "success");
  EXPECT_EQ(job.runs(), 2U);
  finish();
}

TEST_F(ManagerKeys, M4_AStartByHandFromBackoffIsAtOnceAndClearsTheCounters) {
  scripted web("web", log);
  web.lose_after(1ms).fail_with(error("crash"));
  table_.put("web", runnable(web));
  run(table_);
  time.advance(5ms);
  ASSERT_EQ(state("web"), row_state::backoff);
  EXPECT_EQ(kept->status("web")->restarts, 1U);
  EXPECT_EQ(start("web"), "success");
  EXPECT_EQ(web.runs(), 3U);
  EXPECT_EQ(kept->status("web")->restarts, 0U);
  time.advance(1ms);  // it crashes, and that is the first time again
  EXPECT_EQ(web.runs(), 4U);
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(kept->status("web")->restarts, 1U);
  finish();
}

TEST_F(ManagerKeys, M5_AStopOfWhatIsEndingByItselfTellsHowItEndedAndKeepsItStopped) {
  table_.put("web", runnable(scripted("web", log).lose_after(1ms).winds_down_in(10ms).fail_with(error("crash"))));
  run(table_);
  time.advance(2ms);
  EXPECT_EQ(stop("web"), "run: crash");
  EXPECT_EQ(time.elapsed(), 11ms);
  EXPECT_EQ(state("web"), row_state::stopped);
  time.advance(1s);
  EXPECT_EQ(log.count("web start"), 1U);
  finish();
}

TEST_F(ManagerKeys, M5_AStopEndsAWaitAndABackoff) {
  app_after_db();
  table_.put("app", runnable(scripted("app", log)));
  table_.put("crash", runnable(scripted("crash", log).lose_after(1ms).fail_with(error("crash"))));
  run(table_);
  time.advance(5ms);
  ASSERT_EQ(state("crash"), row_state::backoff);
  ASSERT_EQ(state("app"), row_state::waiting);
  EXPECT_EQ(stop("crash"), "success");
  EXPECT_EQ(stop("app"), "success");
  EXPECT_EQ(stop("app"), "process: process not found");
  time.advance(10s);
  EXPECT_EQ(log.count("crash start"), 2U);
  EXPECT_EQ(state("crash"), row_state::stopped);
  EXPECT_EQ(state("app"), row_state::stopped);
  finish();
}

TEST_F(ManagerKeys, M5_AStopInStartingForcesAndTheStartFailsWithIt) {
  run(table_);
  table_.put("slow", runnable(scripted("slow", log).hang()));
  background<fleet::value_pointer> started(time, kept->start(root, "slow"));
  time.advance(5ms);
  EXPECT_EQ(stop("slow"), "success");
  time.run_until_idle();
  EXPECT_EQ(text(started.outcome()), "start process: stopped: requested");
  EXPECT_EQ(state("slow"), row_state::stopped);
  finish();
}

TEST_F(ManagerKeys, M5_PR12_AStopFromInsideIsRefused) {
  std::string said;
  const auto early = [&](context& ctx, callback ready) -> task<> {
    said = text(co_await kept->stop(ctx, "web"));
    co_return co_await ready(ctx);
  };
  table_.put("web", early);
  run(table_);
  EXPECT_EQ(said, "would wait for itself");
  EXPECT_EQ(state("web"), row_state::running);
  finish();
}

TEST_F(ManagerKeys, M7_OneThatIsRestartedBecauseOfAnEditIsGoneBeforeTheNextStarts) {
  table_.put("web", runnable(scripted("old", log).winds_down_in(10ms)));
  run(table_);
  table_.put("web", runnable(scripted("new", log)));
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_EQ(state("web"), row_state::stopping);
  EXPECT_FALSE(log.has("new start"));
  time.advance(10ms);
  EXPECT_TRUE(log.in_order("old end", "new start"));
  EXPECT_EQ(log.when("new start"), 10ms);
  finish();
}

TEST_F(ManagerKeys, M7_OneThatWillBeStartedAgainIsStartedFromItsRowAsItIsThen) {
  table_.put("web", runnable(scripted("first", log).winds_down_in(10ms)));
  run(table_);
  table_.put("web", runnable(scripted("second", log)));
  kept->reconcile_now();
  time.advance(5ms);
  table_.put("web", runnable(scripted("third", log)));
  time.advance(5ms);
  EXPECT_FALSE(log.has("second start"));
  EXPECT_TRUE(log.has("third start"));
  EXPECT_EQ(kept->status("web")->generation, 3U);
  finish();
}

TEST_F(ManagerKeys, M7_OneThatWouldBeStartedAgainIsNotIfItsRowIsDeletedMeanwhile) {
  table_.put("web", runnable(scripted("first", log).winds_down_in(10ms)));
  run(table_);
  table_.put("web", runnable(scripted("second", log)));
  kept->reconcile_now();
  time.advance(5ms);
  table_.set_wanted("web", wanted::down);
  kept->reconcile_now();
  time.advance(1s);
  EXPECT_FALSE(log.has("second start"));
  EXPECT_EQ(state("web"), row_state::stopped);
  finish();
}

TEST_F(ManagerKeys, M7_AStartThatWaitsForAStopGivesUpWithItsContext) {
  table_.put("web", runnable(scripted("web", log).winds_down_in(1h)));
  run(table_);
  background<void> stopped(time, kept->stop(root, "web"));
  time.run_until_idle();
  deadline_context hasty(root, 5ms);
  background<fleet::value_pointer> started(time, kept->start(hasty, "web"));
  time.advance(5ms);
  ASSERT_TRUE(started.done());
  EXPECT_EQ(text(started.outcome()), "stopped: deadline");
  EXPECT_FALSE(log.has("web forced"));
  time.advance(2h);
  EXPECT_EQ(text(stopped.outcome()), "success");
  finish();
}

TEST_F(ManagerKeys, M8_ARestartReadsItsRowAgain) {
  table_.put("web", runnable(scripted("old", log).lose_after(5ms).fail_with(error("crash"))));
  run(table_);
  table_.put("web", runnable(scripted("new", log)));
  time.advance(5ms);
  EXPECT_EQ(log.when("new start"), 5ms);
  EXPECT_EQ(kept->status("web")->generation, 2U);
  EXPECT_EQ(kept->status("web")->restarts, 0U);  // an edit clears them
  finish();
}

TEST_F(ManagerKeys, M8_ARestartOfARowThatIsNotWantedAnyMoreIsNone) {
  table_.put("web", runnable(scripted("web", log).lose_after(5ms).fail_with(error("crash"))));
  run(table_);
  table_.set_wanted("web", wanted::down);
  time.advance(1s);
  EXPECT_EQ(log.count("web start"), 1U);
  EXPECT_EQ(state("web"), row_state::stopped);
  finish();
}

TEST_F(ManagerKeys, M8_AnEditForgetsEarlierFailures) {
  scripted crash("crash", log);
  crash.lose_after(1ms).fail_with(error("crash"));
  table_.put("web", runnable(crash));
  run(table_);
  time.advance(5ms);
  ASSERT_EQ(state("web"), row_state::backoff);
  table_.put("web", runnable(crash));
  kept->reconcile_now();
  time.run_until_idle();
  ASSERT_EQ(state("web"), row_state::running);
  time.advance(1ms);  // its first failure: the restart is at once
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(crash.runs(), 4U);
  finish();
}

TEST_F(ManagerKeys, M8_AStartByHandThatFailsIsTheCallersAndNoPolicyFollows) {
  run(table_);
  table_.put("web", runnable(scripted("web", log).end_before_ready(fail(error("no")))));
  EXPECT_EQ(start("web"), "start process: run: no");
  EXPECT_EQ(state("web"), row_state::stopped);
  time.advance(10s);
  EXPECT_EQ(log.count("web start"), 1U);
  finish();
}

TEST_F(ManagerKeys, M8_HowAStartFailedIsKeptThoughThereWasNoProcess) {
  never_again();
  table_.put("web", runnable(scripted("web", log)));
  fleet kept_here(table_, [](const std::string&, const runnable&) -> result<runnable> { return fail(error("no such program")); }, how);
  std::optional<row_status<std::string>> known;
  auto callback = [&](context&) -> task<> {
    known = kept_here.status("web");
    co_return {};
  };
  EXPECT_TRUE(run_virtual([&](context& ctx) { return kept_here.run(ctx, callback); }));
  ASSERT_TRUE(known && known->last && known->last->cause);
  EXPECT_EQ(known->last->cause->to_string(), "no such program");
  EXPECT_EQ(known->last->reason, exit_reason::failed);
}

TEST_F(ManagerKeys, M9_WhatWouldBeStartedAgainIsNotWhenTheManagerEnds) {
  table_.put("web", runnable(scripted("old", log).winds_down_in(10ms)));
  run(table_);
  table_.put("web", runnable(scripted("new", log)));
  kept->reconcile_now();
  time.run_until_idle();
  ASSERT_EQ(state("web"), row_state::stopping);
  finish();
  EXPECT_FALSE(log.has("new start"));
}

TEST_F(ManagerKeys, M9_AStartThatWaitsForAStopIsRefusedWhenTheManagerEnds) {
  table_.put("web", runnable(scripted("web", log).winds_down_in(10ms)));
  run(table_);
  background<void> stopped(time, kept->stop(root, "web"));
  time.run_until_idle();
  background<fleet::value_pointer> started(time, kept->start(root, "web"));
  time.run_until_idle();
  release();
  time.advance(10ms);
  ASSERT_TRUE(started.done());
  EXPECT_EQ(text(started.outcome()), "process: manager is not running");
  EXPECT_TRUE(running->done());
  EXPECT_EQ(log.count("web start"), 1U);
}

TEST_F(ManagerKeys, M9_ARestartWhoseRowIsBeingReadIsCancelledWhenTheManagerEnds) {
  table_.put("web", runnable(scripted("web", log).lose_after(1ms)));
  faulty_table faulty(table_);
  run(faulty);
  faulty.on_every_get(fault::hanging());
  time.advance(1ms);
  ASSERT_EQ(state("web"), row_state::starting);
  release();
  EXPECT_TRUE(running->done());
  EXPECT_EQ(log.count("web start"), 1U);
}

TEST_F(ManagerKeys, M9_ThoseInACircleAreAllAskedAtOnce) {
  how.after = [](const std::string& key, const runnable&) { return std::vector<std::string>{key == "a" ? "b" : "a"}; };
  run(table_);
  table_.put("a", runnable(scripted("a", log).winds_down_in(5ms)));
  table_.put("b", runnable(scripted("b", log).winds_down_in(5ms)));
  EXPECT_EQ(start("a"), "success");  // by hand nobody waits for others
  EXPECT_EQ(start("b"), "success");
  release();
  time.advance(5ms);
  EXPECT_TRUE(running->done());
  EXPECT_EQ(log.when("a released"), log.when("b released"));
}

}  // namespace
}  // namespace steward::test
