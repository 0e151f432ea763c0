// SPDX-License-Identifier: Apache-2.0
//
// The passes of a manager: when they come, what they conclude, and what a table in trouble does to them.
#include "manager_fixture.hpp"
#include "steward/manager.hpp"

#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace steward::test {
namespace {

class ManagerPasses : public manager_test {};

/// A table whose iteration does not see some rows, as if they had come just behind it.
class overlooking_table final : public table<std::string, runnable> {
 public:
  explicit overlooking_table(rows& inside) noexcept : inside_(&inside) {}

  std::set<std::string> overlooked;

  [[nodiscard]] task<row<runnable>> get(context& ctx, const std::string& key) override { return inside_->get(ctx, key); }

 private:
  class cursor final : public table_cursor<std::string, runnable> {
   public:
    explicit cursor(overlooking_table& from) : from_(&from), rows_(from.inside_->iterate()) {}

    task<std::vector<table_entry<std::string, runnable>>> fetch(context& ctx) override {
      std::vector<table_entry<std::string, runnable>> page;
      while (co_await rows_.next(ctx)) {
        auto* const found = *rows_.get();
        if (!from_->overlooked.contains(found->key)) page.push_back(std::move(*found));
      }
      co_return page;
    }

   private:
    overlooking_table* from_;
    table_iterator<std::string, runnable> rows_;
  };

  [[nodiscard]] std::unique_ptr<table_cursor<std::string, runnable>> scan() override { return std::make_unique<cursor>(*this); }

  rows* inside_;
};

TEST_F(ManagerPasses, M1_ARunThatWaitsItsTurnGivesUpWithItsContext) {
  fleet kept_here(table_, how);
  context first_context(root);
  context impatient(root);
  auto hold_here = [this](context&) -> task<> {
    co_await released.passed();
    co_return {};
  };
  auto never = [](context&) -> task<> {
    ADD_FAILURE() << "it is not its turn";
    co_return {};
  };
  background<void> first(time, kept_here.run(first_context, hold_here));
  background<void> second(time, kept_here.run(impatient, never));
  time.run_until_idle();
  EXPECT_FALSE(second.done());
  impatient.stop(stop_reason::superseded);
  time.run_until_idle();
  ASSERT_TRUE(second.done());
  EXPECT_EQ(text(second.outcome()), "stopped: superseded");
  EXPECT_FALSE(first.done());
  release();
  EXPECT_TRUE(first.done());
}

TEST_F(ManagerPasses, M2_IsNotReadyBeforeTheFirstPassHasSeenEveryRow) {
  table_.put("a", runnable(scripted("a", log)));
  table_.put("b", runnable(scripted("b", log)));
  faulty_table faulty(table_);
  faulty.rows_in_a_page(1);
  faulty.on_fetch(2, fault::slow(500ms));
  run(faulty);
  time.advance(499ms);
  EXPECT_TRUE(log.has("a ready"));
  EXPECT_FALSE(is_ready);
  time.advance(1ms);
  EXPECT_TRUE(is_ready);
  EXPECT_TRUE(log.has("b ready"));
  finish();
}

TEST_F(ManagerPasses, M2_ARestartAfterTheFirstStartDoesNotDelayIt) {
  table_.put("crash", runnable(scripted("crash", log).lose_after(1ms).then(scripted("crash", log).ready_after(900ms))));
  table_.put("slow", runnable(scripted("slow", log).ready_after(10ms)));
  run(table_);
  time.advance(10ms);
  EXPECT_EQ(state("crash"), row_state::starting);
  EXPECT_TRUE(is_ready);
  finish();
}

TEST_F(ManagerPasses, M2_WhatIsStoppedWhileItWaitsIsNotWaitedFor) {
  how.after = [](const std::string& key, const runnable&) { return key == "app" ? std::vector<std::string>{"db"} : std::vector<std::string>{}; };
  table_.put("app", runnable(scripted("app", log)));
  run(table_);
  EXPECT_FALSE(is_ready);
  background<void> stopped(time, kept->stop(root, "app"));
  time.run_until_idle();
  EXPECT_TRUE(is_ready);
  EXPECT_EQ(ready_at, 0ms);
  finish();
}

TEST_F(ManagerPasses, M3_TheIntervalCountsFromTheLastRowAndNotFromWhatFollowed) {
  table_.put("gone", runnable(scripted("gone", log)));
  table_.put("stays", runnable(scripted("stays", log)));
  faulty_table faulty(table_);
  run(faulty);
  table_.erase("gone");
  faulty.on_get(1, fault::slow(10s));
  time.advance(65s);
  table_.put("late", runnable(scripted("late", log)));
  time.advance(1h);
  EXPECT_EQ(log.when("late start"), 120s);
  finish();
}

TEST_F(ManagerPasses, M3_AReconcileNowDuringAPassIsFollowedByAnother) {
  faulty_table faulty(table_);
  run(faulty);
  faulty.on_fetch(1, fault::slow(5s));
  time.advance(62s);
  EXPECT_EQ(kept->passes(), 1U);
  kept->reconcile_now();
  time.advance(3s);
  EXPECT_EQ(kept->passes(), 3U);
  finish();
}

TEST_F(ManagerPasses, M3_WhatLivesIsLeftAloneByAPass) {
  scripted web("web", log);
  table_.put("web", runnable(web));
  run(table_);
  time.advance(10min);
  EXPECT_EQ(kept->passes(), 11U);
  EXPECT_EQ(web.runs(), 1U);
  finish();
}

TEST_F(ManagerPasses, M10_ARowThatCannotBeReadIsNoReasonToCallTheTableUnreadable) {
  table_.put("bad", runnable(scripted("bad", log)));
  table_.put("gone", runnable(scripted("gone", log)));
  faulty_table faulty(table_);
  run(faulty);
  faulty.garble("bad", error("no such field"));
  table_.erase("gone");
  time.advance(60s);
  EXPECT_EQ(state("bad"), row_state::running);
  EXPECT_FALSE(kept->status("gone"));
  EXPECT_FALSE(kept->unreadable());
  EXPECT_THAT(problems, ElementsAre("bad: no such field"));
  finish();
}

TEST_F(ManagerPasses, M10_ARowThatCouldNeverBeReadIsReportedAtEveryPassAndNotStarted) {
  table_.put("bad", runnable(scripted("bad", log)));
  faulty_table faulty(table_);
  faulty.garble("bad", error("no such field"));
  run(faulty);
  EXPECT_TRUE(is_ready);
  time.advance(60s);
  EXPECT_THAT(problems, ElementsAre("bad: no such field", "bad: no such field"));
  EXPECT_EQ(state("bad"), row_state::stopped);
  faulty.heal();
  time.advance(60s);
  EXPECT_EQ(state("bad"), row_state::running);
  finish();
}

class throwing_store final : public state_store<std::string> {
 public:
  row_past recall(const std::string&) override { throw std::runtime_error("boom"); }
  void remember(const std::string&, const row_past&) override { throw std::runtime_error("boom"); }
  void forget(const std::string&) override { throw std::runtime_error("boom"); }
  restart_history recall_group(const std::string&) override { throw std::runtime_error("boom"); }
  void remember_group(const std::string&, const restart_history&) override { throw std::runtime_error("boom"); }
  task<> flush(context&) override { throw std::runtime_error("boom"); }
};

TEST_F(ManagerPasses, M10_R7_WhatTheFunctionsOfTheUserThrowIsContainedAndReported) {
  const auto throws = [] { throw std::runtime_error("boom"); };
  how.policy = [&](const std::string&, const runnable&) -> restart_policy {
    throws();
    return {};
  };
  throwing_store store;
  how.store = &store;
  how.after = [&](const std::string&, const runnable&) -> std::vector<std::string> {
    throws();
    return {};
  };
  how.spread = [&]() -> double {
    throws();
    return 0;
  };
  scripted web("web", log);
  web.lose_after(1ms).fail_with(error("crash"));
  table_.put("web", runnable(web));
  run(table_);
  time.advance(1ms);
  EXPECT_EQ(web.runs(), 2U);  // restarted as if there were no policy
  EXPECT_GE(problems.size(), 2U);
  for (const std::string& each : problems) EXPECT_THAT(each, ::testing::AllOf(::testing::StartsWith("web: "), ::testing::HasSubstr("boom")));
  finish();
}

TEST_F(ManagerPasses, R7_AStoreThatThrowsInsteadOfWritingKeepsNothingFromRunning) {
  restart_policy policy;
  policy.budget = restart_budget();
  how.policy = [&policy](const std::string&, const runnable&) { return policy; };
  throwing_store store;
  how.store = &store;
  scripted web("web", log);
  web.lose_after(1ms).fail_with(error("crash"));
  table_.put("web", runnable(web));
  run(table_);
  time.advance(1ms);
  EXPECT_EQ(web.runs(), 2U);
  EXPECT_THAT(problems, ::testing::Each("web: std::runtime_error: boom"));
  finish();
}

/// Has no rows, and cannot be watched.
class unwatchable final : public table<std::string, runnable> {
 public:
  task<row<runnable>> get(context&, const std::string&) override { co_return errc::not_found; }
  std::unique_ptr<table_watch> watch(table_hint<std::string>) override { throw std::runtime_error("boom"); }

 private:
  class nothing final : public table_cursor<std::string, runnable> {
    task<std::vector<table_entry<std::string, runnable>>> fetch(context&) override { co_return {}; }
  };
  std::unique_ptr<table_cursor<std::string, runnable>> scan() override { return std::make_unique<nothing>(); }
};

TEST_F(ManagerPasses, R7_AWatchOfTheTableThatThrowsIsReportedAndThePassesGoOn) {
  unwatchable blind;
  how.watch = true;
  run(blind);
  EXPECT_TRUE(is_ready);
  EXPECT_THAT(problems, ElementsAre(::testing::HasSubstr("boom")));
  kept->reconcile_now();
  time.advance(60s);
  EXPECT_GT(kept->passes(), 2U);
  EXPECT_FALSE(kept->unreadable());
  finish();
}

TEST_F(ManagerPasses, R7_AnEventSinkThatThrowsIsContained) {
  how.on_event = [](const manager_event<std::string>&) { throw 42; };
  table_.put("web", runnable(scripted("web", log)));
  const auto before = contained_exceptions();
  run(table_);
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_GT(contained_exceptions(), before);
  finish();
}

TEST_F(ManagerPasses, M12_ATableThatCannotConfirmAnAbsenceIsUnreadableSinceThen) {
  table_.put("web", runnable(scripted("web", log)));
  faulty_table faulty(table_);
  run(faulty);
  table_.erase("web");
  faulty.on_every_get(fault::failing(error(errc::unreadable)));
  time.advance(60s);
  ASSERT_TRUE(kept->unreadable());
  time.advance(30s);
  EXPECT_EQ(kept->unreadable()->first, virtual_scheduler::epoch + 60s);  // since the first time
  EXPECT_EQ(kept->unreadable()->second, error(errc::unreadable));
  EXPECT_EQ(state("web"), row_state::running);
  faulty.heal();
  time.advance(60s);
  EXPECT_FALSE(kept->unreadable());
  EXPECT_FALSE(kept->status("web"));
  finish();
}

TEST_F(ManagerPasses, M12_AnIterationThatIsCutShortConcludesNothing) {
  for (const char* key : {"a", "b"}) table_.put(key, runnable(scripted(key, log)));
  faulty_table faulty(table_);
  faulty.rows_in_a_page(1);
  run(faulty);
  table_.erase("b");
  faulty.on_fetch(2, fault::failing(error(errc::unreadable)));
  time.advance(60s);
  EXPECT_EQ(state("b"), row_state::running);
  EXPECT_EQ(faulty.gets(), 0U);
  EXPECT_THAT(problems, ElementsAre("unreadable"));
  time.advance(1s);
  EXPECT_FALSE(kept->status("b"));
  finish();
}

TEST_F(ManagerPasses, M12_ARowThatAnIterationOverlookedIsTakenAsItIs) {
  table_.put("a", runnable(scripted("a", log)));
  table_.put("b", runnable(scripted("b", log)));
  overlooking_table table(table_);
  run(table);
  table.overlooked.insert("b");
  time.advance(60s);
  EXPECT_EQ(state("b"), row_state::running);
  table_.put("b", runnable(scripted("new b", log)));
  time.advance(60s);
  EXPECT_TRUE(log.in_order("b end", "new b start"));
  finish();
}

TEST_F(ManagerPasses, M14_ATableThatFailsIsTriedAgainWithGrowingPausesUpToTheIntervalAndThenFromTheBeginning) {
  how.interval = 5s;
  faulty_table faulty(table_);
  faulty.on_every_fetch(fault::failing(error(errc::unreadable)));
  std::size_t fetches = 0;
  std::vector<long> times;
  const auto watch = [&](std::chrono::seconds until) {
    while (time.elapsed() < until) {
      if (faulty.fetches() != fetches) times.push_back(std::chrono::duration_cast<std::chrono::seconds>(time.elapsed()).count());
      fetches = faulty.fetches();
      time.advance(1s);
    }
  };
  run(faulty);
  watch(20s);
  EXPECT_THAT(times, ElementsAre(0, 1, 3, 7, 12, 17));
  faulty.heal();
  watch(23s);  // one that succeeds, at 22 s
  times.clear();
  faulty.on_every_fetch(fault::failing(error(errc::unreadable)));
  watch(32s);
  EXPECT_THAT(times, ElementsAre(27, 28, 30));
  faulty.heal();
  finish();
}

TEST_F(ManagerPasses, M13_ARowThatIsNotWantedAnyMoreEndsWhateverItsProcessDoes) {
  how.after = [](const std::string& key, const runnable&) { return key == "waits" ? std::vector<std::string>{"db"} : std::vector<std::string>{}; };
  table_.put("crash", runnable(scripted("crash", log).lose_after(1ms).fail_with(error("crash"))));
  table_.put("runs", runnable(scripted("runs", log)));
  table_.put("starts", runnable(scripted("starts", log).hang()));
  table_.put("waits", runnable(scripted("waits", log)));
  run(table_);
  time.advance(5ms);
  for (const char* key : {"crash", "runs", "starts", "waits"}) table_.set_wanted(key, wanted::down);
  kept->reconcile_now();
  time.run_until_idle();
  for (const char* key : {"crash", "runs", "starts", "waits"}) EXPECT_EQ(state(key), row_state::stopped) << key;
  time.advance(1h);
  EXPECT_EQ(log.count("crash start"), 2U);
  for (const char* key : {"crash", "runs", "starts", "waits"}) table_.erase(key);
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_TRUE(kept->snapshot().empty());
  finish();
}

TEST_F(ManagerPasses, M13_AnEditWhileItWaitsIsWhatIsStarted) {
  how.after = [](const std::string& key, const runnable&) { return key == "app" ? std::vector<std::string>{"db"} : std::vector<std::string>{}; };
  table_.put("app", runnable(scripted("old", log)));
  run(table_);
  table_.put("app", runnable(scripted("new", log)));
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_EQ(state("app"), row_state::waiting);
  table_.put("db", runnable(scripted("db", log)));
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_EQ(state("app"), row_state::running);
  EXPECT_TRUE(log.has("new start"));
  EXPECT_FALSE(log.has("old start"));
  finish();
}

TEST_F(ManagerPasses, M13_ARowThatIsAddedAgainWhileItsProcessEndsIsStartedWhenThatIsGone) {
  table_.put("web", runnable(scripted("old", log).winds_down_in(10ms)));
  run(table_);
  table_.erase("web");
  kept->reconcile_now();
  time.advance(5ms);
  ASSERT_EQ(state("web"), row_state::stopping);
  table_.put("web", runnable(scripted("new", log)));
  kept->reconcile_now();
  time.advance(5ms);
  EXPECT_TRUE(log.in_order("old end", "new start"));
  EXPECT_EQ(log.when("new start"), 10ms);
  finish();
}

TEST_F(ManagerPasses, M13_ARowThatIsDeletedWhileItsProcessEndsIsForgottenWhenThatIsGone) {
  table_.put("web", runnable(scripted("old", log).winds_down_in(10ms)));
  run(table_);
  table_.put("web", runnable(scripted("new", log)));
  kept->reconcile_now();
  time.advance(5ms);
  ASSERT_EQ(state("web"), row_state::stopping);
  table_.erase("web");
  kept->reconcile_now();
  time.advance(5ms);
  EXPECT_FALSE(kept->status("web"));
  EXPECT_FALSE(log.has("new start"));
  finish();
}

}  // namespace
}  // namespace steward::test
