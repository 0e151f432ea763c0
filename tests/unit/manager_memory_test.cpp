// SPDX-License-Identifier: Apache-2.0
//
// What a manager hands to its store, and how the next one goes on from it.
#include "manager_fixture.hpp"
#include "steward/state_store.hpp"

#include <random>

namespace steward::test {
namespace {

class ManagerMemory : public manager_test {
 protected:
  ManagerMemory() {
    how.store = &store;
    how.policy = [this](const std::string&, const runnable&) { return policy; };
    policy.delays.jitter = 0;
  }

  void put(const std::string& key, const scripted& what) { table_.put(key, runnable(what)); }
  [[nodiscard]] scripted part(const std::string& name) { return scripted(name, log); }
  [[nodiscard]] scripted crashing() { return part("web").lose_after(1s).fail_with(error("no")); }

  // One manager ends, and another begins.
  void run_again() {
    finish();
    released.close();
    is_ready = false;
    run(table_);
  }

  memory_state_store<std::string> store;
  restart_policy policy;
};

TEST_F(ManagerMemory, ABackoffGoesOnWhereItWas) {
  policy.delays.initial = 10min;
  policy.delays.max = 10min;
  put("web", crashing());
  run(table_);
  time.advance(2s);
  EXPECT_EQ(state("web"), row_state::backoff);
  const auto until = kept->status("web")->until;
  released.open();
  time.advance(1min);
  ASSERT_TRUE(running->done());
  released.close();
  run(table_);
  EXPECT_EQ(state("web"), row_state::backoff);
  EXPECT_EQ(kept->status("web")->until, until);
  EXPECT_EQ(kept->status("web")->last->reason, exit_reason::failed);
  time.advance(9min + 2s);
  EXPECT_EQ(kept->status("web")->incarnation, 3U);
  finish();
}

TEST_F(ManagerMemory, AnOrderlyEndTakesThePlaceOfAFormerExitAndIsNotWorthTheMemoryOfAFirst) {
  put("once", part("once"));
  put("web", crashing().then(part("web")));
  run(table_);
  time.advance(2s);
  EXPECT_EQ(kept->status("web")->last->reason, exit_reason::failed);
  finish();
  EXPECT_EQ(kept->status("web")->last->reason, exit_reason::stopped) << "and not that of the incarnation before";
  EXPECT_EQ(store.recall("web").last->reason, exit_reason::stopped);
  EXPECT_FALSE(kept->status("once")->last);
}

// Makes sure of nothing, and does not say so until it is asked to end.
class hanging_store final : public state_store<std::string> {
 public:
  [[nodiscard]] row_past recall(const std::string&) override { return {}; }
  void remember(const std::string&, const row_past&) override {}
  void forget(const std::string&) override {}
  [[nodiscard]] restart_history recall_group(const std::string&) override { return {}; }
  void remember_group(const std::string&, const restart_history&) override {}
  [[nodiscard]] task<> flush(context& ctx) override {
    const error why = co_await ctx.stopped();
    co_return why;
  }
};

TEST_F(ManagerMemory, AStoreThatHangsKeepsNothingFromRunning) {
  hanging_store hangs;
  how.store = &hangs;
  policy.budget = restart_budget();
  put("web", part("web").lose_after(1s).then(part("web 2")));
  run(table_);
  time.advance(30s);
  EXPECT_EQ(state("web"), row_state::backoff);
  time.advance(1s);
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_THAT(problems, ::testing::ElementsAre("web: stopped: deadline"));
  finish();
}

TEST_F(ManagerMemory, AStopEndsTheWaitForTheStore) {
  hanging_store hangs;
  how.store = &hangs;
  policy.budget = restart_budget();
  put("web", part("web").lose_after(1s));
  run(table_);
  time.advance(2s);
  background<void> stopping(time, kept->stop(root, "web"));
  time.run_until_idle();
  EXPECT_TRUE(stopping.done());
  EXPECT_EQ(state("web"), row_state::stopped);
  EXPECT_TRUE(problems.empty());
  finish();
}

TEST_F(ManagerMemory, ARecalledBackoffIsNotCutShortByAnotherOfItsGroup) {
  how.group = [](const std::string&, const runnable&) { return std::optional(group_place{.group = "all"}); };
  how.groups = [](const std::string&) { return group_policy{.strategy = group_strategy::one_for_all, .restart = {}}; };
  policy.delays.max = 10min;
  row_past past;
  past.generation = 1;
  past.state = row_state::backoff;
  past.until = time.now() + 10min;
  store.remember("later", past);
  put("later", part("later"));
  put("web", crashing().then(part("web 2")));
  run(table_);
  time.advance(2s);
  EXPECT_FALSE(log.has("later start"));
  time.advance(10min);
  EXPECT_TRUE(log.has("later ready"));
  EXPECT_TRUE(log.has("web 2 ready"));
  finish();
}

TEST_F(ManagerMemory, WhatIsRecalledAndCannotBeReadIsNoFailure) {
  policy.delays.initial = policy.delays.max = 10min;
  policy.budget = restart_budget{.restarts = 1, .window = 1h, .then = exhausted::give_up};
  put("web", crashing().then(part("web 2")));
  run(table_);
  time.advance(1s);
  time.run_until_idle();
  put("web", part("web"));
  released.open();
  time.advance(1s);
  ASSERT_TRUE(running->done());
  row_past past = store.recall("web");
  past.state = row_state::backoff;
  past.until = time.now() + 1s;
  store.remember("web", past);
  released.close();
  faulty_table<std::string, runnable> faulty(table_);
  faulty.garble("web", errc::unreadable);
  run(faulty);
  time.advance(2s);
  EXPECT_EQ(state("web"), row_state::stopped);
  EXPECT_EQ(store.recall("web").history, past.history);
  EXPECT_EQ(kept->status("web")->last->reason, past.last->reason) << "nothing has come to life since";
  finish();
}

TEST_F(ManagerMemory, WhatIsRecalledInTheEndIsNotStartedAfterIt) {
  row_past past;
  past.state = row_state::backoff;
  past.until = time.now() + 1s;
  store.remember("web", past);
  run(table_);
  released.open();
  background<std::shared_ptr<const runnable>> starting(time, kept->start(root, "web"));
  time.advance(2s);
  ASSERT_TRUE(starting.done());
  EXPECT_EQ(text(starting.outcome()), "process: manager is not running");
  EXPECT_EQ(store.recall("web").state, row_state::backoff) << "the next run goes on with it";
  finish();
}

TEST_F(ManagerMemory, ABackoffOfAClockThatWasSetBackIsNoLongerThanItsPolicyAllows) {
  policy.delays.initial = 10min;
  policy.delays.max = 10min;
  put("web", crashing());
  run(table_);
  time.advance(2s);
  finish();
  row_past past = store.recall("web");
  ASSERT_EQ(past.state, row_state::backoff);
  past.until += 24h * 365;
  store.remember("web", past);
  released.close();
  run(table_);
  EXPECT_EQ(state("web"), row_state::backoff);
  EXPECT_EQ(kept->status("web")->until, time.now() + 10min);
  time.advance(10min);
  EXPECT_EQ(kept->status("web")->incarnation, 3U);
  finish();
}

TEST_F(ManagerMemory, WhatIsKeptWhileItStartsIsNotRememberedAsDown) {
  how.edit = [](const std::string&, const runnable&, const runnable&) { return row_edit::keep; };
  put("web", part("web").hang());
  run(table_);
  put("web", part("web 2"));
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_EQ(store.recall("web").generation, 2U);
  EXPECT_EQ(store.recall("web").state, row_state::starting);
  finish();
}

TEST_F(ManagerMemory, SinceWhenItIsStoppedOutlivesAManager) {
  put("web", part("web"));
  run(table_);
  table_.set_wanted("web", wanted::down);
  kept->reconcile_now();
  time.advance(1s);
  const instant since = kept->status("web")->since;
  run_again();
  time.advance(1s);
  EXPECT_EQ(state("web"), row_state::stopped);
  EXPECT_EQ(kept->status("web")->since, since);
  finish();
}

TEST_F(ManagerMemory, WhatGaveUpStaysDownUntilItsRowIsEdited) {
  policy.budget = restart_budget{.restarts = 1, .window = 1h, .then = exhausted::give_up};
  put("web", crashing());
  run(table_);
  time.advance(1min);
  EXPECT_EQ(state("web"), row_state::gave_up);
  const instant since = kept->status("web")->since;
  run_again();
  EXPECT_EQ(state("web"), row_state::gave_up);
  EXPECT_EQ(kept->status("web")->since, since) << "and not since the next one began";
  put("web", part("web"));
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_EQ(state("web"), row_state::running);
  finish();
}

TEST_F(ManagerMemory, WhatGaveUpIsRememberedToHaveLeftThatWhenAnEditStartsIt) {
  policy.budget = restart_budget{.restarts = 1, .window = 1h, .then = exhausted::give_up};
  put("web", crashing());
  run(table_);
  time.advance(1min);
  ASSERT_EQ(store.recall("web").state, row_state::gave_up);
  const std::uint64_t edited = table_.put("web", runnable(part("web").ready_after(1min)));
  kept->reconcile_now();
  time.run_until_idle();
  ASSERT_EQ(state("web"), row_state::starting);
  EXPECT_EQ(store.recall("web").generation, edited);
  EXPECT_EQ(store.recall("web").state, row_state::stopped) << "a crash during this start is no reason to stay down";
  finish();
}

TEST_F(ManagerMemory, ADeletedRowIsForgotten) {
  put("web", part("web"));
  run(table_);
  EXPECT_EQ(store.recall("web").incarnation, 1U);
  table_.erase("web");
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_EQ(store.recall("web").incarnation, 0U);
  finish();
}

TEST_F(ManagerMemory, TheFailuresOfOneThatRanWhenTheManagerEndedStillCount) {
  policy.budget = restart_budget{.restarts = 1, .window = 24h, .then = exhausted::give_up};
  put("web", crashing().then(part("web").lose_after(10s).fail_with(error("no"))));
  run(table_);
  time.advance(2s);
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(kept->status("web")->restarts, 1U);
  run_again();
  EXPECT_EQ(kept->status("web")->restarts, 1U);
  time.advance(10s);
  EXPECT_EQ(state("web"), row_state::gave_up) << "the next manager gives no new budget";
  finish();
}

/// One whose file is locked until somebody opens the gate.
class locked_state_store final : public state_store<std::string> {
 public:
  explicit locked_state_store(state_store<std::string>& inner) : inner_(inner) {}

  [[nodiscard]] row_past recall(const std::string& key) override { return inner_.recall(key); }
  void remember(const std::string& key, const row_past& past) override { inner_.remember(key, past); }
  void forget(const std::string& key) override { inner_.forget(key); }
  [[nodiscard]] restart_history recall_group(const std::string& name) override { return inner_.recall_group(name); }
  void remember_group(const std::string& name, const restart_history& history) override { inner_.remember_group(name, history); }
  [[nodiscard]] task<> flush(context& ctx) override {
    ++waiting;
    while (locked && !ctx.is_stopped()) (void)co_await ctx.sleep_for(1s);
    --waiting;
    auto flushing = inner_.flush(ctx);
    co_return co_await std::move(flushing);
  }

  bool locked = true;
  int waiting = 0;

 private:
  state_store<std::string>& inner_;
};

class ManagerWithALockedStore : public ManagerMemory {
 protected:
  ManagerWithALockedStore() {
    how.store = &slow;
    how.max_starting = 1;
    policy.budget = restart_budget{.restarts = 3, .window = 1h, .then = exhausted::give_up};
    put("web", crashing().then(part("web")));
    run(table_);
    time.advance(10s);
    EXPECT_EQ(state("web"), row_state::backoff) << "its restart is not written down";
    EXPECT_EQ(slow.waiting, 1);
  }

  void look() {
    kept->reconcile_now();
    time.run_until_idle();
  }

  locked_state_store slow{store};
};

TEST_F(ManagerWithALockedStore, OthersStartMeanwhile) {
  put("other", part("other"));
  look();
  EXPECT_EQ(state("other"), row_state::running) << "there is one place, and it is free";
  slow.locked = false;
  time.advance(1s);
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(kept->status("web")->restarts, 1U);
  finish();
}

TEST_F(ManagerWithALockedStore, ItIsExplained) {
  EXPECT_EQ(kept->explain("web")->why, obstacle::waits_for_store);
  table_.set_wanted("web", wanted::down);
  look();
  EXPECT_EQ(kept->explain("web")->why, obstacle::unwanted);
  table_.set_wanted("web", wanted::up);
  slow.locked = false;
  look();
  EXPECT_EQ(kept->explain("web")->why, obstacle::none);
  finish();
}

TEST_F(ManagerWithALockedStore, ARestartThatIsWrittenDownWaitsForAPlace) {
  put("slow", part("slow").ready_after(1min));
  look();
  slow.locked = false;
  time.advance(2s);
  EXPECT_EQ(state("web"), row_state::waiting);
  time.advance(1min);
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(kept->status("web")->last->reason, exit_reason::failed) << "to wait is no end";
  finish();
}

TEST_F(ManagerWithALockedStore, AnEditStartsItAtOnce) {
  put("web", part("web 2"));
  look();
  EXPECT_EQ(state("web"), row_state::running) << "what an edit has forgotten is not counted";
  EXPECT_EQ(slow.waiting, 0);
  slow.locked = false;
  time.advance(10s);
  EXPECT_EQ(kept->status("web")->incarnation, 2U);
  finish();
}

TEST_F(ManagerWithALockedStore, AStopKeepsItDown) {
  table_.set_wanted("web", wanted::down);
  look();
  EXPECT_EQ(state("web"), row_state::stopped);
  slow.locked = false;
  time.advance(10s);
  EXPECT_EQ(state("web"), row_state::stopped);
  EXPECT_EQ(slow.waiting, 0);
  finish();
}

TEST_F(ManagerWithALockedStore, AfterAStopByHandAPassStartsItAtOnce) {
  background<void> stopping(time, kept->stop(root, "web"));
  time.run_until_idle();
  ASSERT_TRUE(stopping.done());
  EXPECT_EQ(state("web"), row_state::stopped);
  look();
  EXPECT_EQ(state("web"), row_state::running) << "the restart that a budget counts was given up, and this is none";
  EXPECT_EQ(kept->status("web")->restarts, 0U);
  finish();
}

TEST_F(ManagerWithALockedStore, ItDoesNotKeepTheEnd) {
  release();
  EXPECT_TRUE(running->done());
}

TEST_F(ManagerWithALockedStore, ADeletedRowIsForgotten) {
  table_.erase("web");
  look();
  time.advance(1s);
  EXPECT_FALSE(kept->status("web"));
  finish();
}

// Its group's time is over, and before its restart could be handed to the store another of the group fails and takes it down once more.
TEST_F(ManagerMemory, ARestartThatIsDecidedTwiceAtOneInstantIsMadeSureOfOnce) {
  locked_state_store slow(store);
  slow.locked = false;
  how.store = &slow;
  how.group = [](const std::string& key, const runnable&) { return group_place{"site", key == "db" ? 1U : 2U}; };
  how.groups = [](const std::string&) {
    group_policy of{.strategy = group_strategy::rest_for_one, .restart = {}};
    of.restart.delays.initial = of.restart.delays.max = 0s;
    of.restart.budget = restart_budget();
    return of;
  };
  policy.delays.initial = policy.delays.max = 10s;
  put("web", crashing());
  run(table_);
  time.advance(2s);
  ASSERT_EQ(state("web"), row_state::backoff) << "for the second time";
  const auto left = *kept->status("web")->until - time.now();
  table_.put("db", [left](context& ctx, callback) -> task<> {
    (void)co_await ctx.sleep_for(left);
    co_return error("no");
  });
  kept->reconcile_now();
  time.run_until_idle();
  ASSERT_EQ(state("db"), row_state::starting);
  slow.locked = true;
  time.advance(left);
  EXPECT_EQ(slow.waiting, 2) << "one for each";
  finish();
}

class ManagerMemoryOfGroups : public ManagerMemory {
 protected:
  ManagerMemoryOfGroups() {
    how.group = [](const std::string&, const runnable&) { return group_place{"site", 1}; };
    how.groups = [](const std::string&) {
      group_policy of;
      of.strategy = group_strategy::one_for_all;
      of.restart.budget = restart_budget{.restarts = 2, .window = 24h, .then = exhausted::give_up};
      return of;
    };
    put("a", part("a").lose_after(1min).fail_with(error("no")));
    put("b", part("b"));
    run(table_);
    time.advance(2min);
    EXPECT_EQ(kept->status("b")->restarts, 2U) << "one failure more, and both give up";
  }

  void look() {
    kept->reconcile_now();
    time.run_until_idle();
  }

  // Whether the next failure uses up the budget.
  [[nodiscard]] bool is_used_up() {
    time.advance(1min + 1s);
    return state("a") == row_state::gave_up;
  }
};

TEST_F(ManagerMemoryOfGroups, TheFailuresOfAGroupStillCount) {
  run_again();
  EXPECT_TRUE(is_used_up());
  finish();
}

TEST_F(ManagerMemoryOfGroups, TheyAreMadeSureOfBeforeTheRestart) {
  EXPECT_EQ(store.surviving_groups().at("site").recent.size(), 2U);
  EXPECT_EQ(store.survivors().at("b").generation, kept->status("b")->generation);
  finish();
}

TEST_F(ManagerMemoryOfGroups, AnEditOfAMemberForgetsThem) {
  put("b", part("b 2"));
  look();
  EXPECT_EQ(store.recall_group("site"), restart_history());
  EXPECT_FALSE(is_used_up());
  finish();
}

TEST_F(ManagerMemoryOfGroups, AnEditWhileThereIsNoManagerForgetsThemToo) {
  finish();
  put("b", part("b 2"));
  released.close();
  is_ready = false;
  run(table_);
  EXPECT_FALSE(is_used_up());
  finish();
}

TEST_F(ManagerMemoryOfGroups, AnEditOfAMemberThatIsDownForgetsThemOnce) {
  table_.set_wanted("b", wanted::down);
  look();
  table_.put("b", runnable(part("b 2")), wanted::down);
  look();
  EXPECT_EQ(store.recall_group("site"), restart_history());
  time.advance(2min);
  EXPECT_EQ(store.recall_group("site").recent.size(), 2U);
  run_again();
  EXPECT_TRUE(is_used_up()) << "the next manager has not seen a new edit";
  finish();
}

TEST_F(ManagerMemoryOfGroups, AStartOfAMemberByHandForgetsThem) {
  background<void> stopping(time, kept->stop(root, "b"));
  time.run_until_idle();
  background<std::shared_ptr<const runnable>> by_hand(time, kept->start(root, "b"));
  time.run_until_idle();
  EXPECT_EQ(state("b"), row_state::running);
  EXPECT_FALSE(is_used_up());
  finish();
}

TEST_F(ManagerMemoryOfGroups, ANewMemberDoesNotForgetThem) {
  put("c", part("c"));
  look();
  EXPECT_TRUE(is_used_up());
  finish();
}

TEST_F(ManagerMemoryOfGroups, WithItsLastMemberAGroupIsForgotten) {
  table_.erase("a");
  look();
  EXPECT_NE(store.recall_group("site"), restart_history());
  table_.erase("b");
  look();
  EXPECT_EQ(store.recall_group("site"), restart_history());
  finish();
}

// Killed at random moments, with no more left than what was made sure of, a crash loop stays within its budget.
TEST_F(ManagerMemory, ARestartThatABudgetCountsIsMadeSureOfBeforeItIsDone) {
  std::minstd_rand random(3);
  policy.budget = restart_budget{.restarts = 5, .window = 1h, .then = exhausted::slow_retry};
  policy.delays.initial = 100ms;
  policy.delays.max = 20min;
  for (int round = 0; round < 50; ++round) {
    table_.erase("web");
    put("web", crashing());
    auto survived = std::make_unique<memory_state_store<std::string>>();
    std::uint64_t starts_of_managers = 0;
    scripted web = crashing();
    put("web", web);
    const auto begin = time.now();
    while (time.now() < begin + 1h) {
      how.store = survived.get();
      released.close();
      run(table_);
      ++starts_of_managers;
      time.advance(1ms * (1 + random() % 600'000));
      // Whatever it does from here on, a crash now would leave this.
      auto next = std::make_unique<memory_state_store<std::string>>(survived->survivors());
      finish();
      kept.reset();
      survived = std::move(next);
    }
    const auto most = policy.budget->restarts + static_cast<std::uint64_t>(1h / policy.delays.max) + 1;
    ASSERT_LE(web.runs(), starts_of_managers + most) << "round " << round;
  }
}

}  // namespace
}  // namespace steward::test
