// SPDX-License-Identifier: Apache-2.0
//
// Processes that have outlived the manager that started them, and what else of its decisions the next one keeps to.
#include "manager_fixture.hpp"
#include "steward/state_store.hpp"

#include <map>
#include <set>

namespace steward::test {
namespace {

using needs = std::vector<requirement<std::string>>;

class ManagerOutlived : public manager_test {
 protected:
  ManagerOutlived() {
    how.store = &store;
    how.outlived = [this](const std::string& key) { return outlived.contains(key); };
    how.requirements = [this](const std::string& key, const runnable&) { return required.contains(key) ? required[key] : needs{}; };
  }

  [[nodiscard]] scripted part(const std::string& name) { return scripted(name, log); }
  void put(const std::string& key, const scripted& what) { table_.put(key, runnable(what)); }

  /// As if a former manager had left its process behind, the first of its key.
  void lives(const std::string& key, row_state state = row_state::running) {
    row_past past;
    past.state = state;
    store.remember(key, past);
    outlived.insert(key);
  }

  /// Both were left; "web" requires the other, which is ready again a second later.
  void run_before_its_database_is_ready() {
    required["web"] = {{"database"}};
    put("web", part("web"));
    put("database", part("database").ready_after(1s));
    lives("web");
    lives("database");
    run(table_);
    EXPECT_EQ(state("web"), row_state::running);
  }

  memory_state_store<std::string> store;
  std::set<std::string> outlived;
  std::map<std::string, needs> required;
};

TEST_F(ManagerOutlived, WhatComesAfterOthersIsTakenOverWithoutThem) {
  how.after = [](const std::string& key, const runnable&) { return key == "web" ? std::vector<std::string>{"job"} : std::vector<std::string>(); };
  put("job", part("job"));
  table_.set_wanted("job", wanted::down);
  put("web", part("web").lose_after(10s).then(part("web")));
  lives("web");
  run(table_);
  EXPECT_EQ(state("web"), row_state::running);
  time.advance(10s);
  EXPECT_EQ(state("web"), row_state::waiting) << "its next start waits, as any";
  finish();
}

TEST_F(ManagerOutlived, ALimitOfStartsDoesNotHoldItBack) {
  how.max_starting = 1;
  put("slow", part("slow").ready_after(1h));
  put("web", part("web"));
  lives("web");
  run(table_);
  EXPECT_EQ(state("web"), row_state::running);
  finish();
}

TEST_F(ManagerOutlived, ABackoffOrADecisionThatItHasOutlivedDoesNotHoldItBack) {
  for (const row_state state : {row_state::backoff, row_state::completed, row_state::gave_up}) {
    const std::string key(to_string(state));
    put(key, part(key));
    lives(key, state);
  }
  run(table_);
  EXPECT_EQ(state("backoff"), row_state::running);
  EXPECT_EQ(state("completed"), row_state::running);
  EXPECT_EQ(state("gave_up"), row_state::running);
  finish();
}

TEST_F(ManagerOutlived, TheTimeThatItWasReadyUnderTheFormerManagerCountsForItsPolicy) {
  how.policy = [](const std::string&, const runnable&) {
    restart_policy policy;
    policy.delays = {.initial = 1h, .max = 1h, .factor = 1, .jitter = 0, .reset_after = 30s};
    return policy;
  };
  const instant since = time.now();
  time.advance(25s);
  for (const char* key : {"web", "late"}) {
    put(key, part(key).lose_after(6s).then(part(key)));
    row_past past;
    past.state = row_state::running;
    past.incarnation = 3;
    past.history.failures = 4;
    past.since = std::string_view(key) == "web" ? since : instant();  // of the other nobody knows
    store.remember(key, past);
    outlived.insert(key);
  }
  run(table_);
  EXPECT_EQ(kept->status("web")->since, time.now()) << "it was taken over now";
  time.advance(6s);
  EXPECT_EQ(state("web"), row_state::running) << "a healthy time: restarted at once";
  EXPECT_EQ(kept->status("web")->last->ready_at, since);
  EXPECT_EQ(kept->status("web")->last->started_at, since) << "at the latest";
  EXPECT_EQ(state("late"), row_state::backoff);
  EXPECT_EQ(kept->status("late")->last->ready_at, since + 25s);
  finish();
}

TEST_F(ManagerOutlived, AnEditWhileItIsTakenOverLeavesItItsStartDeadline) {
  how.deadlines = [](const std::string&, const runnable&) { return process_deadlines{.start = 10s, .stop = {}, .kill = {}}; };
  how.edit = [](const std::string&, const runnable&, const runnable&) { return row_edit::keep; };
  const instant since = time.now();
  time.advance(1h);
  put("web", part("web").ready_after(5s));
  row_past past;
  past.state = row_state::running;
  past.since = since;
  store.remember("web", past);
  outlived.insert("web");
  run(table_);
  time.advance(1s);
  put("web", part("web"));
  kept->reconcile_now();
  time.advance(4s);
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(kept->status("web")->incarnation, 1U);
  finish();
}

TEST_F(ManagerOutlived, WhatItRequiresMayBeTakenOverLater) {
  run_before_its_database_is_ready();
  time.advance(1s);
  EXPECT_EQ(state("database"), row_state::running);
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_FALSE(log.has("web released"));
  finish();
}

TEST_F(ManagerOutlived, ItGoesDownWithWhatItRequiresIfThatIsStoppedBeforeItIsReadyAgain) {
  run_before_its_database_is_ready();
  table_.set_wanted("database", wanted::down);
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_EQ(state("web"), row_state::waiting);
  finish();
}

TEST_F(ManagerOutlived, WhatRequiresOneThatDoesNotRunIsTakenOverAndThenLosesIt) {
  required["again"] = {{"database"}};
  required["never"] = {{"database", on_loss::stop}};
  required["all_the_same"] = {{"database", on_loss::ignore}};
  required["alone"] = {{"nobody"}};
  put("database", part("database").ready_after(1s));
  for (const char* key : {"again", "never", "all_the_same", "alone"}) {
    put(key, part(key));
    lives(key);
  }
  run(table_);
  for (const char* key : {"again", "never", "alone"}) EXPECT_TRUE(log.has(std::string(key) + " end")) << key;
  EXPECT_EQ(state("again"), row_state::waiting);
  EXPECT_EQ(state("all_the_same"), row_state::running);
  time.advance(1s);
  EXPECT_EQ(state("again"), row_state::running);
  EXPECT_EQ(kept->status("again")->incarnation, 2U);
  EXPECT_EQ(state("never"), row_state::stopped);
  EXPECT_EQ(kept->explain("never")->why, obstacle::requirement_lost);
  EXPECT_EQ(state("alone"), row_state::waiting);
  EXPECT_EQ(kept->status("database")->incarnation, 1U) << "nobody has asked it to stop";
  EXPECT_EQ(kept->status("database")->restarts, 0U);
  finish();
}

TEST_F(ManagerOutlived, WhatWasBeingStoppedIsAskedAgainAndThenStartedAnew) {
  for (const row_state state : {row_state::stopping, row_state::abandoned}) {
    const std::string key(to_string(state));
    put(key, part(key));
    lives(key, state);
  }
  run(table_);
  for (const char* key : {"stopping", "abandoned"}) {
    EXPECT_TRUE(log.has(std::string(key) + " end"));
    EXPECT_EQ(state(key), row_state::running);
    EXPECT_EQ(kept->status(key)->incarnation, 2U);
    EXPECT_EQ(kept->status(key)->restarts, 0U);
  }
  finish();
}

TEST_F(ManagerOutlived, WhatWasBeingStoppedIsAskedAgainIfItIsTakenOverByHand) {
  faulty_table<std::string, runnable> faulty(table_);
  faulty.on_every_fetch(fault::failing(errc::unreadable));
  put("web", part("web"));
  lives("web", row_state::stopping);
  run(faulty);
  const background starting(time, kept->start(root, "web"));
  time.run_until_idle();
  EXPECT_TRUE(starting.outcome());
  EXPECT_EQ(kept->status("web")->incarnation, 1U);
  faulty.heal();
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_TRUE(log.has("web end"));
  EXPECT_EQ(kept->status("web")->incarnation, 2U);
  finish();
}

TEST_F(ManagerOutlived, WhatWasBeingStoppedIsRememberedSoUntilItIsAskedAgain) {
  faulty_table<std::string, runnable> faulty(table_);
  faulty.rows_in_a_page(1);
  faulty.on_fetch(2, fault::slow(1s));
  put("web", part("web").winds_down_in(1s));
  lives("web", row_state::stopping);
  run(faulty);
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(store.recall("web").state, row_state::stopping);
  time.advance(10s);
  EXPECT_EQ(store.recall("web").state, row_state::running);
  finish();
}

TEST_F(ManagerOutlived, WhatReplacesOneThatWasBeingStoppedGoesOn) {
  how.edit = [](const std::string&, const runnable&, const runnable&) { return row_edit::replace; };
  how.watch = true;
  faulty_table<std::string, runnable> faulty(table_);
  faulty.rows_in_a_page(1);
  faulty.on_fetch(2, fault::slow(1s));
  put("web", part("web"));
  lives("web", row_state::stopping);
  run(faulty);
  put("web", part("better"));
  time.advance(10s);
  EXPECT_FALSE(log.has("better end"));
  EXPECT_EQ(kept->status("web")->incarnation, 2U);
  finish();
}

TEST_F(ManagerOutlived, AStopByHandIsNotUndoneByWhatWasToFollowTheStopBefore) {
  faulty_table<std::string, runnable> faulty(table_);
  faulty.rows_in_a_page(1);
  faulty.on_fetch(2, fault::slow(1s));
  put("web", part("web").winds_down_in(2s).then(part("web")));
  lives("web", row_state::stopping);
  run(faulty);
  const background stopping(time, kept->stop(root, "web"));
  time.advance(10s);
  EXPECT_TRUE(stopping.done());
  EXPECT_EQ(state("web"), row_state::stopped);
  finish();
}

TEST_F(ManagerOutlived, WhatIsToGoBeforeItsFirstStepIsEnded) {
  how.group = [](const std::string&, const runnable&) { return group_place{.group = "all"}; };
  how.groups = [](const std::string&) {
    group_policy together;
    together.strategy = group_strategy::one_for_all;
    together.restart.budget = {.restarts = 0, .window = 1min, .then = exhausted::give_up};
    return together;
  };
  make = [](const std::string& key, const runnable& what) -> result<runnable> {
    if (key == "broken") return fail(error("cannot be made"));
    return what;
  };
  put("broken", part("broken"));
  put("web", part("web"));
  lives("web");
  run(table_);
  EXPECT_TRUE(log.has("web end"));
  EXPECT_EQ(state("web"), row_state::gave_up);
  finish();
}

TEST_F(ManagerOutlived, ItGoesDownWithWhatItRequiresIfThatIsNotReadyInTime) {
  how.deadlines = [](const std::string& key, const runnable&) { return process_deadlines{.start = key == "database" ? 1s : 0s}; };
  required["web"] = {{"database"}};
  put("web", part("web"));
  put("database", part("database").ready_after(1min).ignore_stop());
  lives("web");
  lives("database");
  run(table_);
  time.advance(1s);
  EXPECT_EQ(state("database"), row_state::stopping);
  EXPECT_TRUE(log.has("web end"));
  finish();
}

TEST_F(ManagerOutlived, WhatWasBeingStoppedForALostRequirementStaysDown) {
  required["web"] = {{"database", on_loss::stop}};
  put("database", part("database"));
  put("web", part("web"));
  row_past past;
  past.state = row_state::stopping;
  past.parked = true;
  outlived.insert("web");
  past.generation = 2;
  store.remember("web", past);
  run(table_);
  EXPECT_TRUE(log.has("web end"));
  EXPECT_EQ(state("web"), row_state::stopped);
  EXPECT_EQ(kept->explain("web")->why, obstacle::requirement_lost);
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_EQ(state("web"), row_state::stopped);
  finish();
}

TEST_F(ManagerOutlived, WhatWasBeingStoppedForALostRequirementIsStartedAnewAfterAnEdit) {
  put("web", part("web"));
  row_past past;
  past.state = row_state::stopping;
  past.parked = true;
  past.generation = 1;
  outlived.insert("web");
  store.remember("web", past);
  table_.set_wanted("web", wanted::down);
  table_.set_wanted("web", wanted::up);
  run(table_);
  EXPECT_TRUE(log.has("web end"));
  EXPECT_EQ(state("web"), row_state::running);
  finish();
}

TEST_F(ManagerOutlived, WhatWasBeingStoppedAndHasEndedByThenIsStartedAnew) {
  restart_policy only_once;
  only_once.when = restart::never;
  how.policy = [only_once](const std::string&, const runnable&) { return only_once; };
  put("web", part("web").end_before_ready().then(part("web")));
  for (int i = 0; i < 600; ++i) table_.put("x" + std::to_string(i), nop());  // while these are read
  lives("web", row_state::stopping);
  run(table_);
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(kept->status("web")->incarnation, 2U);
  finish();
}

TEST_F(ManagerOutlived, ThatItIsBeingStoppedIsRemembered) {
  put("web", part("web").winds_down_in(1s));
  run(table_);
  table_.set_wanted("web", wanted::down);
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_EQ(store.recall("web").state, row_state::stopping);
  time.advance(1s);
  EXPECT_EQ(store.recall("web").state, row_state::stopped);
  finish();
}

TEST_F(ManagerOutlived, WhatStaysDownForALostRequirementStaysSoUnderTheNextManager) {
  required["web"] = {{"database", on_loss::stop}};
  put("database", part("database"));
  put("web", part("web"));
  run(table_);
  table_.set_wanted("database", wanted::down);
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_EQ(kept->explain("web")->why, obstacle::requirement_lost);
  table_.set_wanted("database", wanted::up);
  finish();
  released.close();
  is_ready = false;
  const auto next = std::make_unique<memory_state_store<std::string>>();  // what was remembered is all that the next one has
  next->remember("web", store.recall("web"));
  how.store = next.get();
  run(table_);
  EXPECT_EQ(state("database"), row_state::running);
  EXPECT_EQ(state("web"), row_state::stopped);
  EXPECT_EQ(kept->explain("web")->why, obstacle::requirement_lost);
  put("web", part("web").ready_after(1s));
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_EQ(state("web"), row_state::starting);
  EXPECT_FALSE(next->recall("web").parked) << "a crash during this start is no reason to stay down";
  time.advance(1s);
  EXPECT_EQ(state("web"), row_state::running);
  finish();
}

}  // namespace
}  // namespace steward::test
