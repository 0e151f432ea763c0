// SPDX-License-Identifier: Apache-2.0
//
// Entries of a manager that are held back: for whom, how often they are looked at, and what the end of the run does to them.
#include "manager_fixture.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace steward::test {
namespace {

class ManagerWaiting : public manager_test {
 protected:
  void needs(std::string key, std::vector<std::string> others) {
    graph_[std::move(key)] = std::move(others);
    how.after = [this](const std::string& asked, const runnable&) {
      ++questions;
      const auto found = graph_.find(asked);
      return found == graph_.end() ? std::vector<std::string>() : found->second;
    };
  }
  void add(const std::string& key, std::chrono::milliseconds ready_after) { table_.put(key, runnable(scripted(key, log).ready_after(ready_after))); }
  [[nodiscard]] std::vector<std::string> waiting_for(const std::string& key) const { return kept->status(key)->waiting_for; }

  int questions = 0;

 private:
  std::map<std::string, std::vector<std::string>> graph_;
};

using strings = std::vector<std::string>;

TEST_F(ManagerWaiting, StatusNamesThoseThatAreStillMissing) {
  needs("app", {"db", "cache"});
  add("app", 0ms);
  add("db", 10ms);
  add("cache", 30ms);
  run(table_);
  EXPECT_EQ(waiting_for("app"), (strings{"db", "cache"}));
  time.advance(10ms);
  EXPECT_EQ(waiting_for("app"), strings{"cache"});
  EXPECT_EQ(state("app"), row_state::waiting);
  time.advance(20ms);
  EXPECT_EQ(state("app"), row_state::running);
  EXPECT_EQ(waiting_for("app"), strings());
  finish();
}

TEST_F(ManagerWaiting, IsLookedAtWhenTheOneItWaitsForRunsAndNotWithEveryOtherStart) {
  constexpr int others = 300;
  add("db", 500ms);
  for (int i = 0; i < others; ++i) {
    const std::string app = "app" + std::to_string(i);
    needs(app, {"db"});
    add(app, 0ms);
    add("other" + std::to_string(i), std::chrono::milliseconds(i));
  }
  run(table_);
  time.advance(500ms);
  EXPECT_EQ(state("app7"), row_state::running);
  EXPECT_LE(questions, (2 + 1) * (2 * others + 1)) << "once when they are first seen, once when db runs, once when they start";
  finish();
}

TEST_F(ManagerWaiting, AnEditMayChangeWhomItWaitsFor) {
  needs("app", {"never"});
  add("app", 0ms);
  add("db", 0ms);
  run(table_);
  ASSERT_EQ(state("app"), row_state::waiting);
  needs("app", {"db"});
  add("app", 0ms);
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_EQ(state("app"), row_state::running);
  finish();
}

TEST_F(ManagerWaiting, OneThatIsRemovedWhileItWaitsIsForgottenByTheQueue) {
  needs("app", {"db"});
  needs("web", {"db"});
  add("app", 0ms);
  add("web", 0ms);
  run(table_);
  table_.erase("app");
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_FALSE(kept->status("app"));
  add("db", 0ms);
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_EQ(state("web"), row_state::running);
  finish();
}

TEST_F(ManagerWaiting, ACircleIsToldWithItsWayOnceForEachGeneration) {
  needs("a", {"b"});
  needs("b", {"c"});
  needs("c", {"a"});
  for (const std::string key : {"a", "b", "c"}) add(key, 0ms);
  const strings told{"c: it waits in a circle, which never ends: c -> a -> b -> c"};
  run(table_);
  EXPECT_EQ(problems, told);
  time.advance(10min);
  EXPECT_EQ(problems, told) << "other passes";
  add("c", 0ms);
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_EQ(problems, (strings{told[0], told[0]})) << "another generation";
  EXPECT_EQ(kept->explain("c")->cycle, (strings{"c", "a", "b", "c"}));
  finish();
}

TEST_F(ManagerWaiting, ACircleIsToldWhenNobodyElseIsWaitedFor) {
  needs("a", {"db", "b"});
  needs("b", {"a"});
  needs("late", {"db"});
  for (const std::string key : {"a", "b", "late"}) add(key, 0ms);
  add("db", 10ms);
  run(table_);
  EXPECT_EQ(problems, strings());
  time.advance(10ms);
  const strings told{"a: it waits in a circle, which never ends: a -> b -> a"};
  EXPECT_EQ(problems, told);
  background<void> stopped(time, kept->stop(root, "a"));
  time.run_until_idle();
  kept->reconcile_now();
  time.run_until_idle();
  ASSERT_EQ(state("a"), row_state::waiting);
  EXPECT_EQ(problems, told) << "held back again, by nothing new";
  finish();
}

TEST_F(ManagerWaiting, OneThatNeedsItselfIsTold) {
  needs("a", {"a"});
  add("a", 0ms);
  run(table_);
  EXPECT_EQ(problems, strings{"a: it waits in a circle, which never ends: a -> a"});
  finish();
}

TEST_F(ManagerWaiting, M9_NothingThatWasHeldBackIsStartedOnceTheEndHasCome) {
  how.max_starting = 1;
  how.initial_wait = 1ms;
  std::vector<std::unique_ptr<scripted>> all;
  for (int i = 0; i < 600; ++i) {
    all.push_back(std::make_unique<scripted>("one", log));
    all.back()->ready_after(1h);
    table_.put(std::to_string(i), runnable(*all.back()));
  }
  run(table_);
  time.advance(1ms);
  finish();
  EXPECT_EQ(std::ranges::count_if(all, [](const auto& each) { return each->runs() != 0; }), 1);
}

TEST_F(ManagerWaiting, AStartByHandIsNotCutOffByAPassThatSeesItsRow) {
  faulty_table<std::string, runnable> slow(table_);
  slow.on_every_get(fault::slow(10ms));
  run(slow);
  add("new", 0ms);
  background<fleet::value_pointer> started(time, kept->start(root, "new"));
  time.run_until_idle();
  kept->reconcile_now();
  time.advance(10ms);
  ASSERT_TRUE(started.done());
  EXPECT_EQ(text(started.outcome()), "success");
  EXPECT_EQ(state("new"), row_state::running);
  finish();
}

/// Asks the manager for its own key when it is destroyed.
struct inquisitive {
  explicit inquisitive(int number, const manager<int, inquisitive>** whom) : number(number), whom(whom) {}
  inquisitive(const inquisitive&) = delete;
  inquisitive& operator=(const inquisitive&) = delete;
  ~inquisitive() {
    if (*whom != nullptr) (void)(*whom)->get(1);
  }
  int number;
  const manager<int, inquisitive>** whom;
};

TEST_F(ManagerWaiting, D8_AValueIsDestroyedUnderNoLock) {
  const manager<int, inquisitive>* asked = nullptr;
  memory_table<int, inquisitive> rows;
  rows.put(1, std::make_shared<const inquisitive>(1, &asked));
  manager<int, inquisitive> kept_ones(rows, [](const int&, const inquisitive&) -> result<runnable> { return nop(); });
  asked = &kept_ones;
  auto until_released = [this](context&) -> task<> {
    co_await released.passed();
    co_return {};
  };
  background<void> going(time, kept_ones.run(root, until_released));
  time.run_until_idle();
  rows.put(1, std::make_shared<const inquisitive>(2, &asked));
  kept_ones.reconcile_now();
  time.run_until_idle();
  EXPECT_EQ((*kept_ones.get(1))->number, 2);
  rows.erase(1);
  kept_ones.reconcile_now();
  time.run_until_idle();
  EXPECT_FALSE(kept_ones.status(1));
  released.open();
  time.run_until_idle();
  EXPECT_TRUE(going.done());
  asked = nullptr;
}

TEST_F(ManagerWaiting, M5_AStopOfOneThatIsEndingByItselfForcesItWhenItsContextStops) {
  table_.put("web", runnable(scripted("web", log).lose_after(1ms).winds_down_in(1h)));
  run(table_);
  time.advance(2ms);
  ASSERT_EQ(state("web"), row_state::running) << "lost, and winding down";
  deadline_context limit(root, 5ms);
  background<void> stopped(time, kept->stop(limit, "web"));
  time.advance(5ms);
  ASSERT_TRUE(stopped.done());
  EXPECT_EQ(text(stopped.outcome()), "stopped: deadline");
  EXPECT_EQ(state("web"), row_state::stopped);
  finish();
}

TEST_F(ManagerWaiting, TheLongestDurationsAreForEver) {
  bool over = false;
  const auto sleeper = [&](context& ctx) -> task<> {
    deadline_context limit(ctx, std::chrono::nanoseconds::max());
    EXPECT_FALSE(limit.is_stopped());
    auto slept = co_await limit.sleep_for(std::chrono::nanoseconds::max());
    over = true;
    co_return slept;
  };
  context inside(root);
  background<void> sleeping(time, sleeper(inside));
  time.advance(24h * 365);
  EXPECT_FALSE(over);
  inside.stop();
  time.run_until_idle();
  EXPECT_TRUE(over);
}

}  // namespace
}  // namespace steward::test
