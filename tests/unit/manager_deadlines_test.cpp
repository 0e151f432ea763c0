// SPDX-License-Identifier: Apache-2.0
//
// Deadlines that a manager enforces: of each process, and of all together.
#include "manager_fixture.hpp"

namespace steward::test {
namespace {

class ManagerDeadlines : public manager_test {
 protected:
  ManagerDeadlines() {
    how.deadlines = [](const std::string&, const runnable&) { return process_deadlines{.start = 10s, .stop = 5s, .kill = 2s}; };
    how.policy = [](const std::string&, const runnable&) {
      restart_policy policy;
      policy.when = restart::never;
      return policy;
    };
  }

  void erase(const std::string& key) {
    table_.erase(key);
    kept->reconcile_now();
    time.run_until_idle();
  }
};

TEST_F(ManagerDeadlines, AShorterOneIsNotForOneThatWasStoppedWhileItStarted) {
  std::chrono::nanoseconds limit = 1h;
  how.deadlines = [&limit](const std::string&, const runnable&) { return process_deadlines{.start = 0s, .stop = limit, .kill = 2s}; };
  gate lets_go;
  table_.put("slow", runnable(scripted("slow", log).ready_when(lets_go)));
  run(table_);
  background<void> stopping(time, kept->stop(root, "slow"));
  time.run_until_idle();
  limit = 5s;
  table_.put("slow", runnable(scripted("slow", log)));
  kept->reconcile_now();
  time.advance(1min);
  EXPECT_EQ(state("slow"), row_state::stopping) << "its context is stopped already, so it cannot be forced, nor given up";
  lets_go.open();
  time.run_until_idle();
  finish();
}

TEST_F(ManagerDeadlines, WhoIsLateAtItsStartIsForcedAndItsPolicyFollows) {
  scripted slow = scripted("slow", log).hang();
  table_.put("slow", runnable(slow));
  run(table_);
  time.advance(10s - 1ns);
  EXPECT_EQ(state("slow"), row_state::starting);
  time.advance(1ns);
  EXPECT_EQ(state("slow"), row_state::completed);
  EXPECT_EQ(kept->status("slow")->last->reason, exit_reason::start_deadline);
  finish();
}

TEST_F(ManagerDeadlines, ReadyAtTheVeryInstantIsInTime) {
  scripted slow = scripted("slow", log).ready_after(10s);
  table_.put("slow", runnable(slow));
  run(table_);
  time.advance(11s);
  EXPECT_EQ(state("slow"), row_state::running);
  finish();
  EXPECT_FALSE(log.has("slow forced"));
}

TEST_F(ManagerDeadlines, AStartThatIsInTimeHasNoDeadlineAnyMore) {
  table_.put("web", runnable(scripted("web", log).ready_after(1s)));
  run(table_);
  time.advance(1h);
  EXPECT_EQ(state("web"), row_state::running);
  finish();
}

TEST_F(ManagerDeadlines, WhoDoesNotStopInTimeIsForced) {
  table_.put("web", runnable(scripted("web", log).winds_down_in(1h)));
  run(table_);
  erase("web");
  time.advance(5s - 1ns);
  EXPECT_EQ(state("web"), row_state::stopping);
  EXPECT_FALSE(log.has("web forced"));
  time.advance(1ns);
  EXPECT_TRUE(log.has("web forced"));
  EXPECT_FALSE(kept->status("web")) << "forgotten with its row";
  finish();
}

TEST_F(ManagerDeadlines, AnEditShortensTheStopThatIsUnderWayAndNeverMakesItLonger) {
  std::chrono::nanoseconds limit = 1min;
  how.deadlines = [&limit](const std::string&, const runnable&) { return process_deadlines{.start = 10s, .stop = limit, .kill = 2s}; };
  const auto edit = [&](std::chrono::nanoseconds to) {
    limit = to;
    table_.put("web", runnable(scripted("heir", log)));
    kept->reconcile_now();
    time.run_until_idle();
  };
  table_.put("web", runnable(scripted("web", log).winds_down_in(1h)));
  run(table_);
  table_.set_wanted("web", wanted::down);
  kept->reconcile_now();
  time.advance(10s);
  edit(2min);
  EXPECT_EQ(*kept->explain("web")->until, time.now() + 50s);
  edit(30s);
  EXPECT_EQ(*kept->explain("web")->until, time.now() + 20s) << "counted from when it was asked";
  edit(40s);
  time.advance(20s - 1ns);
  EXPECT_FALSE(log.has("web forced"));
  time.advance(1ns);
  EXPECT_TRUE(log.has("web forced"));
  finish();
}

TEST_F(ManagerDeadlines, AStopThatHasTakenLongerThanAnEditAllowsIsForcedAtOnce) {
  std::chrono::nanoseconds limit{};
  how.deadlines = [&limit](const std::string&, const runnable&) { return process_deadlines{.start = 10s, .stop = limit, .kill = 2s}; };
  table_.put("web", runnable(scripted("web", log).winds_down_in(1h)));
  run(table_);
  table_.put("web", runnable(scripted("heir", log)));
  kept->reconcile_now();
  time.advance(10s);
  EXPECT_EQ(state("web"), row_state::stopping);
  limit = 5s;
  table_.put("web", runnable(scripted("heir", log)));
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_TRUE(log.has("web forced"));
  EXPECT_EQ(state("web"), row_state::running);
  finish();
}

TEST_F(ManagerDeadlines, WhoIsNotGoneEvenThenIsAbandonedAndNothingTakesItsPlace) {
  scripted deaf = scripted("deaf", log).winds_down_in(1h).ignore_stop();
  table_.put("deaf", runnable(deaf));
  run(table_);
  table_.put("deaf", runnable(scripted("heir", log)));
  kept->reconcile_now();
  time.advance(5s + 2s - 1ns);
  EXPECT_EQ(state("deaf"), row_state::stopping);
  time.advance(1ns);
  EXPECT_EQ(state("deaf"), row_state::abandoned);
  EXPECT_EQ(kept->counts()[static_cast<std::size_t>(row_state::abandoned)], 1U);
  EXPECT_TRUE(kept->get("deaf").error().is(errc::process_not_running));
  time.advance(30min);
  EXPECT_FALSE(log.has("heir start")) << "at most one is alive";
  time.advance(30min);
  EXPECT_EQ(state("deaf"), row_state::running);
  EXPECT_TRUE(log.has("heir start"));
  EXPECT_EQ(kept->counts()[static_cast<std::size_t>(row_state::abandoned)], 0U);
  finish();
}

TEST_F(ManagerDeadlines, AStopByHandIsUnderThemToo) {
  table_.put("web", runnable(scripted("web", log).winds_down_in(1h)));
  run(table_);
  background<void> stopping(time, kept->stop(root, "web"));
  time.advance(5s);
  ASSERT_TRUE(stopping.done());
  EXPECT_TRUE(log.has("web forced"));
  EXPECT_EQ(kept->status("web")->last->reason, exit_reason::forced);
  finish();
}

TEST_F(ManagerDeadlines, AStopOfWhatIsForcedForItsLateStartKeepsItDown) {
  how.policy = nullptr;  // always
  table_.put("slow", runnable(scripted("slow", log).ready_after(1h).ignore_stop()));
  run(table_);
  time.advance(10s);
  EXPECT_EQ(state("slow"), row_state::stopping);
  table_.set_wanted("slow", wanted::down);
  background<void> stopping(time, kept->stop(root, "slow"));
  time.run_until_idle();
  EXPECT_FALSE(stopping.done());
  time.advance(2s);
  EXPECT_EQ(state("slow"), row_state::abandoned);
  released.open();
  time.advance(1h);
  EXPECT_TRUE(stopping.done());
  EXPECT_EQ(state("slow"), row_state::stopped);
  EXPECT_TRUE(running->done());
}

/// A table whose iteration sees nothing, and which answers one `get` when a gate opens, and not before, whoever gives it up.
class gated_table final : public table<std::string, runnable> {
 public:
  explicit gated_table(rows& inside) noexcept : inside_(&inside) {}

  bool holds_next = false;
  gate answers;

  [[nodiscard]] task<row<runnable>> get(context& ctx, const std::string& key) override {
    auto reading = inside_->get(ctx, key);
    auto found = co_await std::move(reading);
    if (std::exchange(holds_next, false)) co_await answers.passed();
    co_return found;
  }

 private:
  class nothing final : public table_cursor<std::string, runnable> {
   public:
    task<std::vector<table_entry<std::string, runnable>>> fetch(context&) override { co_return std::vector<table_entry<std::string, runnable>>(); }
  };

  [[nodiscard]] std::unique_ptr<table_cursor<std::string, runnable>> scan() override { return std::make_unique<nothing>(); }

  rows* inside_;
};

TEST_F(ManagerDeadlines, AnEditOfAStartThatIsEndedBeforeThereIsAProcessSetsNone) {
  gated_table rows_by_key(table_);
  table_.put("web", runnable(scripted("web", log)));
  run(rows_by_key);
  background<fleet::value_pointer> first(time, kept->start(root, "web"));
  time.run_until_idle();
  background<void> stopping(time, kept->stop(root, "web"));
  time.run_until_idle();
  ASSERT_EQ(state("web"), row_state::stopped) << "one that was asked to stop";
  rows_by_key.holds_next = true;
  background<fleet::value_pointer> second(time, kept->start(root, "web"));
  time.run_until_idle();
  background<void> again(time, kept->stop(root, "web"));
  time.run_until_idle();
  ASSERT_EQ(state("web"), row_state::stopping);
  table_.put("web", runnable(scripted("heir", log)));
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_FALSE(kept->explain("web")->until) << "there is nothing to force";
  rows_by_key.answers.open();
  time.run_until_idle();
  EXPECT_EQ(text(second.outcome()), "stopped: requested");
  finish();
}

class ManagerTotals : public manager_test {};

TEST_F(ManagerTotals, TheEndForcesAfterFourFifthsAndAsksEverybody) {
  how.total.stop = 10s;
  how.after = [](const std::string& key, const runnable&) {
    return key == "web" ? std::vector<std::string>{"database"} : std::vector<std::string>{};
  };
  table_.put("database", runnable(scripted("database", log).winds_down_in(1s)));
  table_.put("web", runnable(scripted("web", log).winds_down_in(1h)));
  run(table_);
  released.open();
  time.advance(8s - 1ns);
  EXPECT_FALSE(log.has("database released")) << "the other goes first";
  EXPECT_FALSE(running->done());
  time.advance(1ns);
  EXPECT_TRUE(log.has("web forced"));
  EXPECT_TRUE(log.has("database released")) << "everybody gets its stop call";
  EXPECT_TRUE(running->done());
}

TEST_F(ManagerTotals, WhoOutlivesTheWholeOfItIsAbandoned) {
  how.total.stop = 10s;
  std::vector<row_state> seen;
  how.on_event = [&](const manager_event<std::string>& what) {
    if (what.key != nullptr && what.problem == nullptr) seen.push_back(what.state);
  };
  table_.put("deaf", runnable(scripted("deaf", log).winds_down_in(1h).ignore_stop()));
  run(table_);
  released.open();
  time.advance(10s);
  EXPECT_EQ(seen.back(), row_state::abandoned);
  EXPECT_FALSE(running->done()) << "a wait of the library never gives up";
  time.advance(1h);
  EXPECT_TRUE(running->done());
}

TEST_F(ManagerTotals, FirstStartsThatAreNotReadyByThenAreLate) {
  how.total.start = 10s;
  how.initial_wait = 1min;
  table_.put("slow", runnable(scripted("slow", log).hang().then(scripted("slow", log))));
  run(table_);
  time.advance(8s - 1ns);
  EXPECT_FALSE(is_ready);
  time.advance(1ns);
  EXPECT_TRUE(is_ready);
  EXPECT_EQ(kept->status("slow")->last->reason, exit_reason::start_deadline);
  EXPECT_EQ(state("slow"), row_state::running) << "by its policy";
  finish();
}

}  // namespace
}  // namespace steward::test
