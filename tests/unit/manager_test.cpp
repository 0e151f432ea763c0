// SPDX-License-Identifier: Apache-2.0
#include "steward/manager.hpp"

#include "manager_fixture.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace steward::test {
namespace {

class Manager : public manager_test {};

TEST_F(Manager, M2_IsReadyWhenTheFirstStartsHaveSucceededOrFailed) {
  table_.put("fast", runnable(scripted("fast", log)));
  table_.put("slow", runnable(scripted("slow", log).ready_after(300ms)));
  table_.put("broken", runnable(scripted("broken", log).end_before_ready(fail(error("no disk")))));
  how.policy = [](const std::string&, const runnable&) { return restart_policy{.when = restart::never, .delays = {}}; };
  run(table_);
  EXPECT_FALSE(is_ready);
  time.advance(299ms);
  EXPECT_FALSE(is_ready);
  time.advance(1ms);
  EXPECT_TRUE(is_ready);
  EXPECT_TRUE(kept->get("fast"));
  EXPECT_TRUE(kept->get("slow"));
  EXPECT_EQ(state("broken"), row_state::completed);
  finish();
  EXPECT_EQ(text(running->outcome()), "success");
}

TEST_F(Manager, M2_TheInitialWaitEndsEvenIfAStartHangs) {
  table_.put("stuck", runnable(scripted("stuck", log).hang()));
  run(table_);
  time.advance(999ms);
  EXPECT_FALSE(is_ready);
  time.advance(1ms);
  EXPECT_TRUE(is_ready);
  EXPECT_EQ(state("stuck"), row_state::starting);
  finish();
}

TEST_F(Manager, M2_TheInitialWaitBoundsTheIterationToo) {
  table_.put("web", runnable(scripted("web", log)));
  faulty_table faulty(table_);
  faulty.on_every_fetch(fault::hanging());
  run(faulty);
  time.advance(1s);
  EXPECT_TRUE(is_ready);
  finish();
  EXPECT_EQ(text(running->outcome()), "success");
}

TEST_F(Manager, M3_StartsWhatWasAddedAtTheNextPass) {
  run(table_);
  table_.put("late", runnable(scripted("late", log)));
  time.advance(59s);
  EXPECT_FALSE(kept->status("late"));
  time.advance(1s);
  EXPECT_EQ(state("late"), row_state::running);
  EXPECT_EQ(log.when("late start"), 60s);
  finish();
}

TEST_F(Manager, M3_ReconcileNowLooksAtOnce) {
  run(table_);
  table_.put("late", runnable(scripted("late", log)));
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_EQ(state("late"), row_state::running);
  finish();
}

TEST_F(Manager, M4_StartOutsideOfARunIsRefused) {
  fleet idle(table_, how);
  EXPECT_EQ(text(run_virtual([&](context& ctx) { return idle.start(ctx, "web"); })), "process: manager is not running");
}

TEST_F(Manager, M4_StartReadsTheTableAndYieldsTheValue) {
  run(table_);
  table_.put("web", runnable(scripted("web", log).ready_after(5ms)));
  background<fleet::value_pointer> started(time, kept->start(root, "web"));
  time.run_until_idle();
  background<fleet::value_pointer> again(time, kept->start(root, "web"));
  time.run_until_idle();
  EXPECT_EQ(text(again.outcome()), "process: process already exists");
  time.advance(5ms);
  EXPECT_EQ(text(started.outcome()), "success");
  EXPECT_EQ(*started.outcome(), *kept->get("web"));
  background<fleet::value_pointer> third(time, kept->start(root, "web"));
  time.run_until_idle();
  EXPECT_EQ(text(third.outcome()), "process: process already exists");
  finish();
}

TEST_F(Manager, M4_AFailedStartRemovesItsOwnTraceOnly) {
  run(table_);
  background<fleet::value_pointer> missing(time, kept->start(root, "nobody"));
  time.run_until_idle();
  EXPECT_EQ(text(missing.outcome()), "get process from table: not found");
  EXPECT_TRUE(missing.outcome().error().is(errc::not_found));
  EXPECT_FALSE(kept->status("nobody"));
  table_.put("web", runnable(scripted("web", log).end_before_ready(fail(error("no port")))));
  background<fleet::value_pointer> failed(time, kept->start(root, "web"));
  time.run_until_idle();
  EXPECT_EQ(text(failed.outcome()), "start process: run: no port");
  EXPECT_EQ(text(kept->get("web")), "process: process not found");
  finish();
}

TEST_F(Manager, M4_TheCallersContextBoundsTheWaitAndNotTheLife) {
  run(table_);
  table_.put("web", runnable(scripted("web", log).ready_after(10ms)));
  {
    deadline_context patient(root, 1s);
    background<fleet::value_pointer> started(time, kept->start(patient, "web"));
    time.advance(10ms);
    EXPECT_EQ(text(started.outcome()), "success");
    patient.stop();
    time.run_until_idle();
    EXPECT_EQ(state("web"), row_state::running);
  }
  table_.put("slow", runnable(scripted("slow", log).ready_after(10ms)));
  deadline_context hasty(root, 5ms);
  background<fleet::value_pointer> given_up(time, kept->start(hasty, "slow"));
  time.advance(10ms);
  EXPECT_EQ(text(given_up.outcome()), "start process: stopped: deadline");
  EXPECT_EQ(text(kept->get("slow")), "process: process not found");
  finish();
}

TEST_F(Manager, M5_StopIsGracefulAndLastsUntilTheNextPass) {
  table_.put("web", runnable(scripted("web", log).winds_down_in(3ms)));
  run(table_);
  background<void> stopped(time, kept->stop(root, "web"));
  time.run_until_idle();
  EXPECT_EQ(text(kept->get("web")), "process: process is not running");
  background<void> twice(time, kept->stop(root, "web"));
  time.run_until_idle();
  EXPECT_EQ(text(twice.outcome()), "process: process not found");
  time.advance(3ms);
  EXPECT_EQ(text(stopped.outcome()), "success");
  EXPECT_EQ(text(kept->get("web")), "process: process not found");
  EXPECT_FALSE(log.has("web forced"));
  time.advance(60s);
  EXPECT_EQ(state("web"), row_state::running);
  finish();
}

TEST_F(Manager, M5_StopTellsHowTheRunFailed) {
  table_.put("web", runnable(scripted("web", log).fail_with(error("dirty"))));
  run(table_);
  background<void> stopped(time, kept->stop(root, "web"));
  time.run_until_idle();
  EXPECT_EQ(text(stopped.outcome()), "run: dirty");
  background<void> unknown(time, kept->stop(root, "nobody"));
  time.run_until_idle();
  EXPECT_EQ(text(unknown.outcome()), "process: process not found");
  finish();
}

TEST_F(Manager, M5_StopsContextForcesAndIsTheReason) {
  table_.put("web", runnable(scripted("web", log).winds_down_in(1h)));
  run(table_);
  deadline_context hasty(root, 10ms);
  background<void> stopped(time, kept->stop(hasty, "web"));
  time.advance(10ms);
  EXPECT_EQ(text(stopped.outcome()), "stopped: deadline");
  EXPECT_TRUE(log.has("web forced"));
  finish();
}

TEST_F(Manager, M5_StopCancelsAStartWhoseRowIsStillBeingRead) {
  faulty_table faulty(table_);
  run(faulty);
  table_.put("web", runnable(scripted("web", log)));
  faulty.on_every_get(fault::hanging());
  background<fleet::value_pointer> started(time, kept->start(root, "web"));
  time.run_until_idle();
  EXPECT_EQ(state("web"), row_state::starting);
  background<void> stopped(time, kept->stop(root, "web"));
  time.run_until_idle();
  EXPECT_EQ(text(stopped.outcome()), "success");
  EXPECT_EQ(text(started.outcome()), "stopped: requested");
  EXPECT_FALSE(log.has("web start"));
  faulty.heal();
  finish();
}

TEST_F(Manager, M6_GetTellsStartingFromRunningFromAbsent) {
  table_.put("web", runnable(scripted("web", log).ready_after(5ms)));
  run(table_);
  EXPECT_EQ(text(kept->get("web")), "process: process is not running");
  EXPECT_EQ(text(kept->get("nobody")), "process: process not found");
  time.advance(5ms);
  EXPECT_EQ(text(kept->get("web")), "success");
  finish();
}

TEST_F(Manager, M7_AStartWhileTheKeyIsStoppingWaitsUntilItIsGone) {
  scripted web("web", log);
  web.winds_down_in(10ms);
  table_.put("web", runnable(web));
  run(table_);
  background<void> stopped(time, kept->stop(root, "web"));
  background<fleet::value_pointer> started(time, kept->start(root, "web"));
  time.run_until_idle();
  EXPECT_FALSE(started.done());
  time.advance(10ms);
  EXPECT_EQ(text(stopped.outcome()), "success");
  EXPECT_EQ(text(started.outcome()), "success");
  EXPECT_EQ(web.most_alive(), 1U);
  finish();
}

TEST_F(Manager, M8_RestartsAtOnceThenWithBackoff) {
  scripted web("web", log);
  web.lose_after(1ms).fail_with(error("crash"));
  table_.put("web", runnable(web));
  run(table_);
  time.advance(1ms);
  EXPECT_EQ(web.runs(), 2U);
  EXPECT_EQ(kept->status("web")->restarts, 1U);
  time.advance(1ms);
  EXPECT_EQ(state("web"), row_state::backoff);
  EXPECT_EQ(web.runs(), 2U);
  EXPECT_EQ(kept->status("web")->restarts, 1U) << "the one to come is not counted yet";
  time.advance(199ms);
  EXPECT_EQ(web.runs(), 2U);
  time.advance(1ms);
  EXPECT_EQ(web.runs(), 3U);
  const auto known = kept->status("web");
  EXPECT_EQ(known->restarts, 2U);
  EXPECT_EQ(known->incarnation, 3U);
  ASSERT_TRUE(known->last);
  EXPECT_EQ(known->last->reason, exit_reason::failed);
  finish();
}

TEST_F(Manager, M8_ReadsTheRowAgainSoAProcessMayRemoveItself) {
  scripted once("once", log);
  once.lose_after(1ms).at_end([this] { table_.erase("once"); });
  table_.put("once", runnable(once));
  run(table_);
  time.advance(1s);
  EXPECT_EQ(once.runs(), 1U);
  EXPECT_FALSE(kept->status("once"));
  finish();
}

TEST_F(Manager, M8_AnUnreadableTableDoesNotKeepAnythingFromBeingRestarted) {
  scripted web("web", log);
  web.lose_after(1ms).then(scripted("web", log));
  table_.put("web", runnable(web));
  faulty_table faulty(table_);
  run(faulty);
  faulty.on_every_get(fault::failing(error(errc::unreadable)));
  time.advance(1ms);
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(web.runs(), 2U);
  EXPECT_THAT(problems, ElementsAre("web: unreadable"));
  finish();
}

TEST_F(Manager, M9_TheEndIsGracefulForAllAtOnce) {
  table_.put("a", runnable(scripted("a", log).winds_down_in(5ms)));
  table_.put("b", runnable(scripted("b", log).winds_down_in(5ms).fail_with(error("late"))));
  table_.put("stuck", runnable(scripted("stuck", log).hang()));
  run(table_);
  time.advance(1s);
  callback_result = fail(error("of the callback"));
  release();
  EXPECT_EQ(text(kept->get("a")), "process: process is not running");
  EXPECT_TRUE(log.has("stuck end"));
  background<fleet::value_pointer> refused(time, kept->start(root, "a"));
  time.run_until_idle();
  EXPECT_EQ(text(refused.outcome()), "process: manager is not running");
  time.advance(5ms);
  ASSERT_TRUE(running->done());
  EXPECT_EQ(text(running->outcome()), "of the callback");
  EXPECT_FALSE(log.has("a forced"));
}

TEST_F(Manager, M9_AStartByHandIsCancelledWhenTheManagerEnds) {
  run(table_);
  table_.put("web", runnable(scripted("web", log).hang()));
  background<fleet::value_pointer> started(time, kept->start(root, "web"));
  time.run_until_idle();
  finish();
  ASSERT_TRUE(started.done());
  EXPECT_FALSE(started.outcome());
}

TEST_F(Manager, M10_ARowThatCannotBeReadIsReportedAndItsProcessStays) {
  table_.put("good", runnable(scripted("good", log)));
  table_.put("bad", runnable(scripted("bad", log)));
  faulty_table faulty(table_);
  run(faulty);
  faulty.garble("bad", error("no such field"));
  time.advance(60s);
  EXPECT_EQ(state("bad"), row_state::running);
  EXPECT_THAT(problems, ElementsAre("bad: no such field"));
  finish();
}

TEST_F(Manager, M12_ATableThatFailsStopsNothingAndSaysSinceWhen) {
  for (const char* key : {"a", "b", "c"}) table_.put(key, runnable(scripted(key, log)));
  faulty_table faulty(table_);
  faulty.rows_in_a_page(1);
  run(faulty);
  EXPECT_FALSE(kept->unreadable());
  faulty.on_fetch(2, fault::failing(error(errc::unreadable)));
  time.advance(60s);
  for (const char* key : {"a", "b", "c"}) EXPECT_EQ(state(key), row_state::running);
  ASSERT_TRUE(kept->unreadable());
  EXPECT_EQ(kept->unreadable()->first, virtual_scheduler::epoch + 60s);
  time.advance(1s);
  EXPECT_FALSE(kept->unreadable());
  finish();
}

TEST_F(Manager, M12_AbsenceIsConfirmedByReadingTheKey) {
  table_.put("web", runnable(scripted("web", log)));
  faulty_table faulty(table_);
  run(faulty);
  table_.erase("web");
  faulty.on_every_get(fault::failing(error(errc::unreadable)));
  time.advance(60s);
  EXPECT_EQ(state("web"), row_state::running);
  faulty.heal();
  time.advance(60s);
  EXPECT_FALSE(kept->status("web"));
  EXPECT_TRUE(log.in_order("web released", "web end"));
  finish();
}

TEST_F(Manager, M13_AChangedRowRestartsAndADeletedOneStops) {
  table_.put("web", runnable(scripted("old", log)));
  run(table_);
  table_.put("web", runnable(scripted("new", log)));
  time.advance(60s);
  EXPECT_TRUE(log.in_order("old end", "new start"));
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(kept->status("web")->generation, 2U);
  table_.set_wanted("web", wanted::down);
  time.advance(60s);
  EXPECT_TRUE(log.has("new end"));
  EXPECT_EQ(state("web"), row_state::stopped);
  finish();
}

TEST_F(Manager, M13_ACompletedRowStaysSoUntilItIsEdited) {
  how.policy = [](const std::string&, const runnable&) { return restart_policy{.when = restart::on_failure, .delays = {}}; };
  scripted job("job", log);
  job.lose_after(1ms);
  table_.put("job", runnable(job));
  run(table_);
  time.advance(10min);
  EXPECT_EQ(state("job"), row_state::completed);
  EXPECT_EQ(job.runs(), 1U);
  table_.put("job", runnable(job));
  time.advance(60s);
  EXPECT_EQ(job.runs(), 2U);
  finish();
}

TEST_F(Manager, M13_ACompletedRowIsStillCompletedWhenTheManagerHasEnded) {
  how.policy = [](const std::string&, const runnable&) { return restart_policy{.when = restart::never, .delays = {}}; };
  table_.put("job", runnable(scripted("job", log).lose_after(1ms)));
  run(table_);
  time.advance(5ms);
  finish();
  EXPECT_EQ(state("job"), row_state::completed);
}

TEST_F(Manager, M14_ATableThatCannotBeIteratedAtFirstIsTriedAgainAfterASecond) {
  table_.put("web", runnable(scripted("web", log)));
  faulty_table faulty(table_);
  faulty.on_fetch(1, fault::failing(error(errc::unreadable)));
  faulty.on_fetch(2, fault::failing(error(errc::unreadable)));
  run(faulty);
  EXPECT_TRUE(is_ready);
  EXPECT_THAT(problems, ElementsAre("unreadable"));
  time.advance(1s);
  EXPECT_FALSE(log.has("web start"));
  time.advance(2s);
  EXPECT_EQ(log.when("web start"), 3s);
  finish();
}

TEST_F(Manager, M15_AStopBeforeReadyCallsNoCallback) {
  table_.put("stuck", runnable(scripted("stuck", log).hang()));
  run(table_);
  root.stop(stop_reason::shutdown);
  time.run_until_idle();
  ASSERT_TRUE(running->done());
  EXPECT_FALSE(is_ready);
  EXPECT_EQ(running->outcome().error().reason(), stop_reason::shutdown);
}

TEST_F(Manager, M1_OneRunAtATimeAndAgainAfterIt) {
  table_.put("web", runnable(scripted("web", log)));
  fleet kept_here(table_, how);
  gate first_open;
  gate second_open;
  context first_context(root);
  context second_context(root);
  int inside = 0;
  auto first_callback = [&](context&) -> task<> {
    ++inside;
    co_await first_open.passed();
    co_return {};
  };
  auto second_callback = [&](context&) -> task<> {
    ++inside;
    co_await second_open.passed();
    co_return {};
  };
  background<void> first(time, kept_here.run(first_context, first_callback));
  background<void> second(time, kept_here.run(second_context, second_callback));
  time.run_until_idle();
  EXPECT_EQ(inside, 1);
  first_open.open();
  time.run_until_idle();
  EXPECT_TRUE(first.done());
  EXPECT_EQ(inside, 2);
  second_open.open();
  time.run_until_idle();
  EXPECT_EQ(text(second.outcome()), "success");
}

TEST_F(Manager, M1_ARunFromInsideItsOwnCallbackIsRefused) {
  fleet kept_here(table_, how);
  std::string said;
  auto inner = [](context&) -> task<> { co_return {}; };
  auto callback = [&](context& ctx) -> task<> {
    said = text(co_await kept_here.run(ctx, inner));
    co_return {};
  };
  EXPECT_TRUE(run_virtual([&](context& ctx) { return kept_here.run(ctx, callback); }));
  EXPECT_EQ(said, "would wait for itself");
}

TEST_F(Manager, ContextTable_TheCallbackGetsRunsOwnContext) {
  run(table_);
  EXPECT_EQ(main_context, &root);
  finish();
}

TEST_F(Manager, AtMostSoManyStartAtATimeAndTheOthersWait) {
  how.max_starting = 2;
  for (const char* key : {"a", "b", "c"}) table_.put(key, runnable(scripted(key, log).ready_after(10ms)));
  run(table_);
  EXPECT_EQ(state("c"), row_state::waiting);
  time.advance(10ms);
  EXPECT_EQ(state("a"), row_state::running);
  EXPECT_EQ(log.when("c start"), 10ms);
  time.advance(10ms);
  EXPECT_TRUE(is_ready);
  finish();
}

TEST_F(Manager, WhatComesAfterOthersWaitsForThemAndEndsBeforeThem) {
  how.after = [](const std::string& key, const runnable&) { return key == "app" ? std::vector<std::string>{"db"} : std::vector<std::string>{}; };
  table_.put("app", runnable(scripted("app", log).winds_down_in(5ms)));
  table_.put("db", runnable(scripted("db", log).ready_after(20ms)));
  run(table_);
  EXPECT_EQ(state("app"), row_state::waiting);
  EXPECT_THAT(kept->status("app")->waiting_for, ElementsAre("db"));
  time.advance(20ms);
  EXPECT_TRUE(log.in_order("db ready", "app start"));
  finish();
  EXPECT_TRUE(log.in_order("app end", "db released"));
}

/// One that crashes twice, so that it is in backoff, and that is then edited while what it comes after is gone: it waits for that instead.
class ManagerHeldBack : public manager_test {
 protected:
  void from_backoff_to_waiting() {
    how.after = [](const std::string& key, const runnable&) { return key == "app" ? std::vector<std::string>{"db"} : std::vector<std::string>{}; };
    table_.put("app", runnable(scripted("app", log).lose_after(1ms).fail_with(error("crash"))));
    table_.put("db", runnable(scripted("db", log)));
    run(table_);
    time.advance(5ms);
    ASSERT_EQ(state("app"), row_state::backoff);
    table_.set_wanted("db", wanted::down);
    kept->reconcile_now();
    time.run_until_idle();
    table_.put("app", runnable(scripted("new app", log)));
    kept->reconcile_now();
    time.run_until_idle();
    ASSERT_EQ(state("app"), row_state::waiting);
  }
};

TEST_F(ManagerHeldBack, M9_ARowThatWentFromBackoffToWaitingDoesNotKeepTheManagerFromEnding) {
  from_backoff_to_waiting();
  release();
  time.advance(1h);
  EXPECT_TRUE(running->done());
}

TEST_F(ManagerHeldBack, M13_OneThatIsStoppedThenStaysSoWhenTheBackoffThatItHadBeforeIsOver) {
  from_backoff_to_waiting();
  background<void> stopped(time, kept->stop(root, "app"));
  time.run_until_idle();
  EXPECT_EQ(text(stopped.outcome()), "success");
  time.advance(10s);  // longer than the backoff, and there is no pass meanwhile
  EXPECT_EQ(state("app"), row_state::stopped);
  finish();
}

TEST_F(Manager, R7_AFactoryThatThrowsIsAFailedStart) {
  table_.put("web", runnable(scripted("web", log)));
  how.policy = [](const std::string&, const runnable&) { return restart_policy{.when = restart::never, .delays = {}}; };
  fleet kept_here(table_, [](const std::string&, const runnable&) -> result<runnable> { throw std::runtime_error("no parts"); }, how);
  auto callback = [&](context&) -> task<> {
    const auto known = kept_here.status("web");
    EXPECT_EQ(known->state, row_state::completed);
    EXPECT_EQ(known->last->reason, exit_reason::exception);
    co_return {};
  };
  EXPECT_TRUE(run_virtual([&](context& ctx) { return kept_here.run(ctx, callback); }));
}

TEST_F(Manager, ARememberedIncarnationGoesOnAndACompletedOneStays) {
  memory_state_store<std::string> store(
      {{"done", {.incarnation = 7, .restarts = 1, .generation = 1, .state = row_state::completed}}, {"web", {.incarnation = 4}}});
  how.store = &store;
  table_.put("done", runnable(scripted("done", log)));
  table_.put("web", runnable(scripted("web", log)));
  run(table_);
  EXPECT_EQ(state("done"), row_state::completed);
  EXPECT_EQ(kept->status("done")->incarnation, 7U);
  EXPECT_EQ(kept->status("web")->incarnation, 5U);
  EXPECT_FALSE(log.has("done start"));
  finish();
}

}  // namespace
}  // namespace steward::test
