// SPDX-License-Identifier: Apache-2.0
//
// The simulator itself: that it repeats itself, that it shows what it has seen, and that its laws can be broken.
#include "steward/testing/simulation.hpp"

#include "steward/runnable.hpp"
#include "steward/wait.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace steward::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(SimulationKit, TheSameSeedGivesTheSameTraceAndAnotherAnotherOne) {
  const std::string once = simulate(17).to_string();
  EXPECT_EQ(simulate(17).to_string(), once);
  EXPECT_NE(simulate(18).to_string(), once);
}

TEST(SimulationKit, WhatMayHappenDoesHappen) {
  std::set<happening> seen;
  std::set<row_state> states;
  for (std::uint64_t seed = 1; seed <= 500; ++seed)
    for (const trace_event& each : simulate(seed).trace) {
      seen.insert(each.what);
      if (each.what == happening::state) states.insert(each.state);
    }
  for (std::size_t each = 0; each < happenings; ++each)
    if (static_cast<happening>(each) != happening::stuck) {
      EXPECT_TRUE(seen.contains(static_cast<happening>(each))) << to_string(static_cast<happening>(each));
    }
  EXPECT_EQ(states.size(), row_states);
}

TEST(SimulationKit, WhatIsSwitchedOffDoesNotHappen) {
  simulation_options what;
  what.with = {.mishaps = false, .table_faults = false, .runs = false, .jumps = false, .early_ends = false};
  for (std::uint64_t seed = 1; seed <= 50; ++seed)
    for (const trace_event& each : simulate(seed, what).trace) {
      EXPECT_NE(each.what, happening::lost);
      EXPECT_NE(each.what, happening::fault);
      EXPECT_NE(each.what, happening::jumped);
      EXPECT_NE(each.what, happening::run_forced);
    }
}

TEST(SimulationKit, EachFaultOfTheTableCanBeSwitchedOffByItself) {
  const std::vector<std::pair<bool simulation_features::*, std::set<deed>>> switches{
      {&simulation_features::late_reads, {deed::late_reads}},
      {&simulation_features::hangs, {deed::hanging_reads, deed::hanging_gets}},
      {&simulation_features::lost_hints, {deed::lose_hints}},
      {&simulation_features::doubled_hints, {deed::double_hints}},
      {&simulation_features::delayed_hints, {deed::delay_hints}},
      {&simulation_features::reordered_hints, {deed::reorder_hints}},
      {&simulation_features::runs, {deed::run}}};
  const auto drawn = [](const simulation_features& with) {
    std::set<deed> seen;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
      seeded_choices source(seed);
      for (const simulated_deed& each : draw_plan(source, {"a", "b"}, 14, with).deeds) seen.insert(each.what);
    }
    return seen;
  };
  const std::set<deed> all = drawn({});
  for (const auto& [off, what] : switches) {
    simulation_features with;
    with.*off = false;
    std::set<deed> expected = all;
    for (const deed each : what) EXPECT_EQ(expected.erase(each), 1U) << to_string(each);
    EXPECT_EQ(drawn(with), expected);
  }
}

TEST(SimulationKit, AnEditMovesARowUnlessThatIsSwitchedOff) {
  const auto places = [](bool moves) {
    std::set<std::optional<std::size_t>> groups;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
      seeded_choices source(seed);
      simulation_features with;
      with.moves = moves;
      std::set<std::optional<std::size_t>> of_one;
      const simulation_plan plan = draw_plan(source, {"a"}, 14, with);
      for (const simulated_deed& each : plan.deeds)
        if (each.what == deed::put) of_one.insert(each.row.where.group);
      if (of_one.size() > groups.size()) groups = of_one;
    }
    return groups.size();
  };
  EXPECT_GT(places(true), 1U);
  EXPECT_EQ(places(false), 1U);
}

TEST(SimulationKit, FindsOutAboutARunnableThatNeverComesToRest) {
  simulation_options what;
  what.keys = {"service"};
  what.with = {.mishaps = false, .table_faults = false, .deadlines = false, .budgets = false, .jumps = false, .early_ends = false};
  what.make = [](const std::string&) -> result<runnable> {
    return runnable([](context& ctx, callback) -> task<> {
      (void)co_await ctx.sleep_for(1ms);
      co_return {};  // and has never been ready
    });
  };
  bool found = false;
  for (std::uint64_t seed = 1; seed <= 20 && !found; ++seed) {
    const simulation_report report = simulate(seed, what);
    if (report.held()) continue;
    found = true;
    EXPECT_EQ(report.violations.front().law, "D9_what_runs_is_what_the_rows_want");
    EXPECT_THAT(report.to_string(), HasSubstr("^^ D9_what_runs_is_what_the_rows_want: and does not come to rest"));
    EXPECT_THAT(report.to_string(), HasSubstr("simulation of seed " + std::to_string(seed)));
  }
  EXPECT_TRUE(found);
}

/// A trace by hand, of the one key of a plan in which nothing is done.
class SimulationLaws : public ::testing::Test {
 protected:
  SimulationLaws() {
    plan.keys = {"a"};
    plan.initial_wait = 1s;
    simulated_deed put{.what = deed::put, .row = {}};
    put.row.version = 1;
    put.row.deadlines.start = 10ms;
    put.row.policy.budget = restart_budget{.restarts = 1, .window = 1s, .then = exhausted::give_up};
    plan.before.push_back(put);
    add(0ms, happening::row_put).version = 1;
  }

  trace_event& add(std::chrono::nanoseconds at, happening what, std::uint64_t incarnation = 0) {
    trace_event& one = trace.emplace_back();
    one.at = at;
    one.what = what;
    one.key = 0;
    one.generation = 1;
    one.incarnation = incarnation;
    if (what >= happening::begun && what <= happening::ended) one.version = 1;
    if (what == happening::begun) begun = trace.size() - 1;
    one.call = begun;
    return one;
  }
  void tell(std::chrono::nanoseconds at, row_state state, std::uint64_t incarnation = 0) { add(at, happening::state, incarnation).state = state; }
  void fail_at(std::chrono::nanoseconds at, std::uint64_t incarnation) {
    tell(at, row_state::starting, incarnation);
    add(at, happening::begun, incarnation);
    add(at, happening::ended, incarnation);
    tell(at, row_state::backoff, incarnation);
    trace.back().reason = exit_reason::failed;
  }

  [[nodiscard]] std::vector<std::string> broken() const {
    std::vector<std::string> all;
    for (const violation& each : check_simulation(plan, trace)) all.push_back(each.law);
    return all;
  }

  simulation_plan plan;
  simulation_trace trace;
  std::size_t begun = 0;  // where in it the last process has begun
};

TEST_F(SimulationLaws, M7_TwoProcessesOfOneKeyAreOneTooMany) {
  tell(0ms, row_state::starting);
  add(0ms, happening::begun, 1);
  EXPECT_THAT(broken(), ::testing::IsEmpty());
  add(0ms, happening::begun, 2);
  EXPECT_THAT(broken(), ::testing::ElementsAre("M7_one_process_a_key"));
}

TEST_F(SimulationLaws, D11_AStartHasUntilItsDeadlineAndOneMomentMoreIfTheMachineSlept) {
  tell(0ms, row_state::starting);
  add(0ms, happening::begun, 1);
  add(30ms, happening::jumped).key = trace_event::no_key;
  add(30ms, happening::hint).key = trace_event::no_key;
  EXPECT_THAT(broken(), ::testing::IsEmpty());
  add(31ms, happening::hint).key = trace_event::no_key;
  EXPECT_THAT(broken(), ::testing::ElementsAre("D11_start_deadline"));
}

TEST_F(SimulationLaws, M8_ABudgetIsHeldInEveryWindow) {
  fail_at(0ms, 1);
  fail_at(1ms, 2);
  tell(800ms, row_state::starting, 2);
  EXPECT_THAT(broken(), ::testing::ElementsAre("M8_budget_is_held"));
  trace.back().at = 999ms;
  EXPECT_THAT(broken(), ::testing::ElementsAre("M8_budget_is_held"));
  trace.back().at = 1000ms;
  EXPECT_THAT(broken(), ::testing::ElementsAre());
}

TEST_F(SimulationLaws, M10_AReadThatFailsIsToldWithItsKey) {
  add(0ms, happening::run_begun).key = trace_event::no_key;
  add(0ms, happening::get_asked);
  add(0ms, happening::get_answered).text = "unreadable";
  add(0ms, happening::problem).key = trace_event::no_key;
  add(1ms, happening::hint).key = trace_event::no_key;
  EXPECT_THAT(broken(), ::testing::ElementsAre("M10_failed_read_is_told"));
  trace[trace.size() - 2].key = 0;
  EXPECT_THAT(broken(), ::testing::IsEmpty());
}

TEST_F(SimulationLaws, M13_AStopByHandLastsUntilTheRowIsReadAgain) {
  tell(0ms, row_state::starting);
  add(0ms, happening::begun, 1);
  add(0ms, happening::ready, 1);
  tell(0ms, row_state::running, 1);
  const std::size_t call = trace.size();
  add(0ms, happening::stop_called);
  tell(0ms, row_state::stopping, 1);
  add(0ms, happening::ended, 1);
  tell(0ms, row_state::stopped, 1);
  add(0ms, happening::stop_answered).call = call;
  tell(0ms, row_state::starting, 1);
  EXPECT_THAT(broken(), ::testing::ElementsAre("M13_stop_lasts"));
  trace.pop_back();
  add(0ms, happening::row_seen);
  tell(0ms, row_state::starting, 1);
  EXPECT_THAT(broken(), ::testing::IsEmpty());
}

TEST_F(SimulationLaws, M13_WhatWasReadIsNotUndoneByAnOlderRow) {
  add(0ms, happening::row_put).generation = 2;
  trace.back().version = 1;
  add(0ms, happening::row_seen).generation = 2;
  tell(1ms, row_state::starting);
  add(1ms, happening::begun, 1);
  EXPECT_THAT(broken(), ::testing::ElementsAre("M13_newer_is_not_undone"));
}

TEST_F(SimulationLaws, M1_OneRunIsInUseAtATime) {
  const auto once = [this](happening what) { add(0ms, what).key = trace_event::no_key; };
  once(happening::run_called);
  once(happening::run_begun);
  once(happening::in_use);
  EXPECT_THAT(broken(), ::testing::IsEmpty());
  once(happening::run_begun);
  EXPECT_THAT(broken(), ::testing::ElementsAre("M1_one_run_at_a_time"));
}

TEST_F(SimulationLaws, M3_M14_APassFollowsAPassAndSoonerAfterOneThatHasFailed) {
  plan.interval = 2s;
  const auto at = [this](std::chrono::nanoseconds time, happening what) -> trace_event& {
    trace_event& one = add(time, what);
    one.key = trace_event::no_key;
    return one;
  };
  at(0ms, happening::run_begun);
  at(0ms, happening::in_use);
  at(0ms, happening::fetch_asked).call = trace.size() - 1;
  at(0ms, happening::fetch_answered).yes = false;
  at(2000ms, happening::hint);
  EXPECT_THAT(broken(), ::testing::IsEmpty());
  at(2001ms, happening::hint);
  EXPECT_THAT(broken(), ::testing::ElementsAre("M3_passes_go_on"));
  trace.pop_back();
  trace[trace.size() - 2].text = "unreadable";
  trace.insert(trace.end() - 1, trace_event{.what = happening::problem, .reason = {}, .text = {}});
  EXPECT_THAT(broken(), ::testing::ElementsAre("M14_tries_again_sooner"));
}

TEST_F(SimulationLaws, M12_NothingIsStoppedWithoutAReason) {
  tell(0ms, row_state::starting);
  add(0ms, happening::begun, 1);
  add(0ms, happening::ready, 1);
  tell(0ms, row_state::running, 1);
  tell(0ms, row_state::stopping, 1);
  EXPECT_THAT(broken(), ::testing::ElementsAre("M12_stops_for_a_reason"));
  trace.insert(trace.end() - 1, trace_event{.what = happening::stop_called, .key = 0, .reason = {}, .text = {}});
  EXPECT_THAT(broken(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace steward::testing
