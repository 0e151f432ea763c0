// SPDX-License-Identifier: Apache-2.0
//
// What a manager would do with other rows, told without doing it.
#include "manager_fixture.hpp"
#include "steward/sync_wait.hpp"

#include <array>
#include <map>
#include <random>
#include <string_view>

namespace steward::test {
namespace {

/// A row of these tests: what it requires, and what an edit to it asks for.
struct part {
  std::vector<requirement<int>> required;
  row_edit edit = row_edit::restart;
};

using parts = memory_table<int, part>;
using lines = std::vector<planned<int>>;

class ManagerPlan : public virtual_test {
 protected:
  ManagerPlan() {
    how.watch = false;
    how.requirements = [](const int&, const part& of) { return of.required; };
    how.edit = [](const int&, const part&, const part& now) { return now.edit; };
    how.reload = [this](context&, const int& key, const std::shared_ptr<const part>&) -> task<> {
      reloaded.push_back(key);
      co_return {};
    };
  }

  void run() {
    kept = std::make_unique<manager<int, part>>(rows_read, [this](const int&, const part&) { return result<runnable>(making()); }, how);
    hold = [this](context&) -> task<> {
      co_await released.passed();
      co_return {};
    };
    running = std::make_unique<background<void>>(time, kept->run(root, hold));
    time.run_until_idle();
  }
  void finish() {
    released.open();
    time.advance(1h);
    ASSERT_TRUE(running->done());
  }
  [[nodiscard]] lines plan(parts& other) {
    background<lines> planning(time, kept->plan(root, other));
    time.run_until_idle();
    return *planning.outcome();
  }

  parts table;
  faulty_table<int, part> rows_read{table};
  manager_options<int, part> how;
  gate released;
  std::function<task<>(context&)> hold;
  std::vector<int> reloaded;
  std::function<runnable()> making = [] { return nop(); };
  std::unique_ptr<manager<int, part>> kept;
  std::unique_ptr<background<void>> running;
};

TEST_F(ManagerPlan, OfTheSameRowsIsEmpty) {
  table.put(1, part());
  run();
  EXPECT_THAT(plan(table), IsEmpty());
  finish();
}

TEST_F(ManagerPlan, ListsStopsInReverseOrderThenTheRestInOrder) {
  table.put(1, part());
  table.put(2, part{.required = {{1}}, .edit = {}});
  table.put(3, part{.required = {{2}}, .edit = {}});
  run();
  parts other;
  for (int i = 0; i < 10; ++i) other.put(7, part());  // its generations are others
  other.put(5, part{.required = {{4}}, .edit = {}});
  other.put(4, part());
  EXPECT_EQ(plan(other), (lines{{3, plan_action::stop, {}, {}},
                                {2, plan_action::stop, {}, {}},
                                {1, plan_action::stop, {}, {}},
                                {4, plan_action::start, {}, {}},
                                {5, plan_action::start, {}, {}},
                                {7, plan_action::start, {}, {}}}));
  EXPECT_EQ(kept->counts()[static_cast<std::size_t>(row_state::running)], 3U) << "and does nothing";
  finish();
}

TEST_F(ManagerPlan, ShowsWhoGoesDownWithWhom) {
  table.put(1, part());
  table.put(2, part{.required = {{1}}, .edit = {}});
  table.put(3, part{.required = {{2, on_loss::stop}}, .edit = {}});
  run();
  table.put(1, part());
  EXPECT_EQ(plan(table), (lines{{3, plan_action::stop, 2, {}}, {1, plan_action::restart, {}, {}}, {2, plan_action::restart, 1, {}}}));
  finish();
}

TEST_F(ManagerPlan, ShowsWhoWouldWaitForWhom) {
  run();
  parts other;
  other.put(2, part{.required = {{1}}, .edit = {}});
  EXPECT_EQ(plan(other), (lines{{2, plan_action::wait, {}, {1}}}));
  finish();
}

TEST_F(ManagerPlan, OneWhoseLossHasMatteredToNobodyMattersFromTheEditOn) {
  table.put(1, part());
  table.put(2, part{.required = {{1, on_loss::ignore}}, .edit = row_edit::restart});
  run();
  parts other;
  for (int i = 0; i < 2; ++i) {  // the second time their generations are others than those that run
    other.put(1, part());
    other.put(2, part{.required = {{1, on_loss::restart}}, .edit = row_edit::keep});
  }
  const lines told = plan(other);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[1].key, 2);
  EXPECT_EQ(told[1].action, plan_action::restart) << "to keep it would be to require what does not run";
  finish();
}

TEST_F(ManagerPlan, OneThatIsBeingStoppedByHandWouldBeStartedAgain) {
  table.put(1, part());
  gate gone;
  making = [&gone] { return runnable(scripted("1").winds_down_when(gone)); };
  run();
  background<void> by_hand(time, kept->stop(root, 1));
  time.run_until_idle();
  EXPECT_EQ(plan(table), (lines{{1, plan_action::restart, {}, {}}}));
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_THAT(plan(table), IsEmpty()) << "it will be, whatever the rows say";
  gone.open();
  time.run_until_idle();
  EXPECT_EQ(kept->status(1)->incarnation, 2U);
  finish();
}

TEST_F(ManagerPlan, OneThatGoesDownAlreadyIsNotTakenDownAnew) {
  table.put(1, part());
  table.put(2, part{.required = {{1, on_loss::stop}}, .edit = {}});
  gate gone;
  making = [&gone] { return runnable(scripted("part").winds_down_when(gone)); };
  run();
  background<void> by_hand(time, kept->stop(root, 2));
  kept->reconcile_now();  // its row wants it: it will be started again
  time.run_until_idle();
  table.erase(1);
  EXPECT_EQ(plan(table), (lines{{1, plan_action::stop, {}, {}}}));
  kept->reconcile_now();
  time.run_until_idle();
  gone.open();
  time.run_until_idle();
  EXPECT_EQ(kept->status(2)->state, row_state::waiting) << "and not down because of the other";
  finish();
}

TEST_F(ManagerPlan, OneThatIsForgottenWhileTheRowsAreReadRequiresNothing) {
  table.put(1, part());
  table.put(2, part());
  run();
  parts other;
  for (int i = 0; i < 3; ++i) other.put(2, part{.required = {{1}}, .edit = row_edit::keep});  // the third time its generation is no other's
  other.put(3, part());
  faulty_table<int, part> slow(other);
  slow.rows_in_a_page(1);
  slow.on_every_fetch(testing::fault::slow(1s));
  background<lines> planning(time, kept->plan(root, slow));
  time.advance(1500ms);
  table.erase(2);
  kept->reconcile_now();
  time.run_until_idle();
  ASSERT_FALSE(kept->status(2));
  time.advance(5s);
  ASSERT_TRUE(planning.done());
  EXPECT_THAT(*planning.outcome(), ::testing::Contains(planned<int>{1, plan_action::stop, {}, {}}));
  finish();
}

TEST_F(ManagerPlan, OneWhoseRowIsJustReadForItsStartWouldBeRestartedAllTheSame) {
  table.put(1, part());
  making = [] { return runnable(scripted("1").lose_after(1s)); };
  run();
  rows_read.on_every_get(testing::fault::slow(1min));
  time.advance(2s);
  ASSERT_EQ(kept->status(1)->state, row_state::starting);
  parts other;
  for (int i = 0; i < 2; ++i) other.put(1, part());  // the second time its generation is another than that which is read
  EXPECT_EQ(plan(other), (lines{{1, plan_action::restart, {}, {}}}));
  finish();
}

TEST_F(ManagerPlan, OutsideARunIsRefused) {
  manager<int, part> idle(table, [](const int&, const part&) { return result<runnable>(nop()); });
  background<lines> planning(time, idle.plan(root, table));
  time.run_until_idle();
  EXPECT_TRUE(planning.outcome().error().is(errc::manager_not_running));
}

// Applying it does exactly what it says.
TEST_F(ManagerPlan, IsSound) {
  std::minstd_rand random(11);
  const auto pick = [&random](unsigned below) { return static_cast<int>(random() % below); };
  constexpr std::string_view order = "2465173";  // each may require those before it, in whichever order a pass comes to them
  constexpr std::array losses{on_loss::restart, on_loss::restart, on_loss::stop, on_loss::ignore};
  const auto rank = [&](int key) { return order.find(static_cast<char>('0' + key)); };
  const auto row_of = [&](int key) {
    part made;
    for (int other = 1; other <= 7; ++other)
      if (rank(other) < rank(key) && pick(4) == 0) made.required.push_back({other, losses.at(random() % losses.size())});
    made.edit = static_cast<row_edit>(pick(4));
    return made;
  };
  run();
  for (int round = 0; round < 400; ++round) {
    const int edits = 1 + pick(4);
    for (int i = 0; i < edits; ++i) {
      const int key = 1 + pick(7);
      if (pick(4) == 0) {
        table.erase(key);
        continue;
      }
      const part row = row_of(key);  // one after the other: every compiler draws the same edits
      const wanted what = pick(5) == 0 ? wanted::down : wanted::up;
      table.put(key, row, what);
    }
    std::map<int, row_status<int>> before;
    for (const auto& [key, known] : kept->snapshot()) before[key] = known;
    std::map<int, plan_action> told;
    for (const auto& each : plan(table)) told[each.key] = each.action;
    reloaded.clear();
    kept->reconcile_now();
    time.run_until_idle();

    std::map<int, plan_action> done;
    const auto is = [](const auto& in, int key, row_state state) { return in.contains(key) && in.at(key).state == state; };
    std::map<int, row_status<int>> after;
    for (const auto& [key, known] : kept->snapshot()) after[key] = known;
    for (int key = 1; key <= 7; ++key) {
      const bool ran = is(before, key, row_state::running);
      const bool runs = is(after, key, row_state::running);
      const bool new_one = runs && ran && after.at(key).incarnation != before.at(key).incarnation;
      const bool new_row = runs && ran && after.at(key).generation != before.at(key).generation;
      const bool waits = is(after, key, row_state::waiting);
      if (new_one)
        done[key] = told[key] == plan_action::replace ? plan_action::replace : plan_action::restart;
      else if (ran && !runs)
        // Of two that it requires and that go down, the one that says `restart` may be gone before the one that says `stop`: down it is either way.
        done[key] = waits && told[key] != plan_action::stop ? plan_action::restart : plan_action::stop;
      else if (std::ranges::find(reloaded, key) != reloaded.end())
        done[key] = plan_action::reload;
      else if (new_row)
        done[key] = plan_action::keep;
      else if (runs && !ran)
        done[key] = plan_action::start;
      else if (waits)
        done[key] = plan_action::wait;
      else if (is(before, key, row_state::waiting))
        done[key] = plan_action::stop;
    }
    std::erase_if(told, [&](const auto& each) { return each.second == plan_action::wait && is(before, each.first, row_state::waiting); });
    std::erase_if(done, [&](const auto& each) { return each.second == plan_action::wait && is(before, each.first, row_state::waiting); });
    ASSERT_EQ(told, done) << "round " << round;
  }
  finish();
}

}  // namespace
}  // namespace steward::test
