// SPDX-License-Identifier: Apache-2.0
//
// What follows the failure of a member of a group, a loss and an end, what a total deadline does, and what is in the way: decisions, as tables.
#include "steward/obstacle.hpp"
#include "steward/overdue.hpp"
#include "steward/row_edit.hpp"
#include "steward/sequel.hpp"
#include "steward/supervision.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace steward {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds slowest = 1min;

struct failure {
  std::string name;
  group_strategy strategy;
  std::optional<exhausted> then;  // of a budget of one restart an hour; empty: no budget
  restart_history of_group;
  verdict own;
  std::chrono::nanoseconds own_delay;
  verdict what;
  bool together;
  std::chrono::nanoseconds delay;
  std::size_t counted;  // restarts that the group remembers then
};

class GroupDecision : public ::testing::TestWithParam<failure> {};

TEST_P(GroupDecision, FollowsTheStrategyAndBothPolicies) {
  const failure& row = GetParam();
  group_policy policy;
  policy.strategy = row.strategy;
  policy.restart.when = restart::never;  // is for the member to say
  policy.restart.delays = {.initial = 10s, .max = slowest, .factor = 2, .jitter = 0, .reset_after = 30s};
  if (row.then) policy.restart.budget = restart_budget{.restarts = 1, .window = 1h, .then = *row.then};
  restart_decision own;
  own.what = row.own;
  own.delay = row.own_delay;
  exit ended;
  ended.reason = exit_reason::failed;
  ended.started_at = ended.ended_at = instant(1h);
  const group_decision decision = decide_group(policy, row.of_group, own, ended, 0);
  EXPECT_EQ(decision.what, row.what);
  EXPECT_EQ(decision.together, row.together);
  if (row.what == verdict::restart) {
    EXPECT_EQ(decision.delay, row.delay);
  }
  EXPECT_EQ(decision.history.failures, row.of_group.failures + 1);
  EXPECT_EQ(decision.history.recent.size(), row.counted);
}

const restart_history failed_once{.failures = 1, .recent = {}};
const restart_history used_up{.failures = 1, .recent = {instant(1h - 1s)}};
using enum group_strategy;
constexpr verdict again = verdict::restart;
constexpr verdict gone = verdict::gave_up;

INSTANTIATE_TEST_SUITE_P(
    All, GroupDecision,
    ::testing::Values(failure{"AloneItFollowsItsOwnPolicy", one_for_one, {}, failed_once, again, 3s, again, false, 3s, 0},
                      failure{"AloneItsOwnEndIsItsOwn", one_for_one, {}, {}, gone, 0s, gone, false, 0s, 0},
                      failure{"AloneTheGroupsBudgetEndsIt", one_for_one, exhausted::give_up, used_up, again, 3s, gone, false, 0s, 1},
                      failure{"AloneTheGroupsBudgetSlowsIt", one_for_one, exhausted::slow_retry, used_up, again, 3s, again, false, slowest, 1},
                      failure{"TogetherTheFirstIsAtOnce", one_for_all, {}, {}, again, 0s, again, true, 0s, 0},
                      failure{"TogetherTheLongerDelayCountsTheGroups", one_for_all, {}, failed_once, again, 3s, again, true, 10s, 0},
                      failure{"TogetherTheLongerDelayCountsItsOwn", one_for_all, {}, failed_once, again, 20s, again, true, 20s, 0},
                      failure{"TogetherABudgetCounts", rest_for_one, exhausted::give_up, {}, again, 0s, again, true, 0s, 1},
                      failure{"TogetherABudgetEndsAll", rest_for_one, exhausted::give_up, used_up, again, 0s, gone, true, 0s, 1},
                      failure{"TogetherABudgetSlowsAll", one_for_all, exhausted::slow_retry, used_up, again, 0s, again, true, slowest, 1},
                      failure{"TogetherOneThatGivesUpEndsAll", one_for_all, {}, {}, gone, 0s, gone, true, 0s, 0}),
    [](const auto& of) { return of.param.name; });

TEST(OverdueDecision, IsATable) {
  struct row {
    bool ending, first_start, lives, forced;
    row_state state;
    overdue_action expected;
  };
  using enum row_state;
  using enum overdue_action;
  const std::vector<row> rows{
      // the first starts
      {false, true, true, false, starting, start_is_late},
      {false, true, false, false, starting, start_is_late},
      {false, true, true, false, stopping, nothing},
      {false, false, true, false, starting, nothing},
      {false, true, false, false, waiting, nothing},
      {false, false, true, false, running, nothing},
      // the end
      {true, false, true, false, running, force},
      {true, false, true, false, stopping, force},
      {true, false, true, false, starting, force},
      {true, false, false, false, starting, nothing},
      {true, false, false, false, stopped, nothing},
      {true, false, true, true, stopping, abandon},
      {true, false, true, true, abandoned, nothing},
      {true, false, false, true, stopped, nothing},
  };
  for (const row& each : rows) {
    overdue_facts facts;
    facts.state = each.state;
    facts.ending = each.ending;
    facts.first_start = each.first_start;
    facts.lives = each.lives;
    facts.forced = each.forced;
    EXPECT_EQ(decide_overdue(facts), each.expected) << to_string(each.state) << each.ending << each.first_start << each.lives << each.forced;
  }
}

TEST(StopUntil, IsNeverLaterThanItWas) {
  using namespace std::chrono_literals;
  const instant asked_at{100s};
  const instant until{110s};
  EXPECT_EQ(stop_until(asked_at, until, 5s), instant{105s});
  EXPECT_EQ(stop_until(asked_at, until, 10s), until);
  EXPECT_EQ(stop_until(asked_at, until, 20s), until);
  EXPECT_EQ(stop_until(asked_at, until, 0s), until) << "no limit is the longest";
  EXPECT_EQ(stop_until(asked_at, instant{}, 20s), instant{120s}) << "it had none";
  EXPECT_EQ(stop_until(asked_at, instant{}, 0s), instant{});
}

TEST(LossDecision, IsATable) {
  struct row {
    loss_facts facts;
    loss_action expected;
  };
  using enum loss_action;
  const std::vector<row> rows{
      {{}, nothing},
      {{.loss = on_loss::restart}, restart},
      {{.loss = on_loss::stop}, park},
      // It goes down already: who has said that says what follows, unless it was for the loss of another.
      {{.loss = on_loss::restart, .going = true}, nothing},
      {{.loss = on_loss::stop, .going = true}, nothing},
      {{.loss = on_loss::stop, .going = true, .follows = sequel::stopped}, nothing},
      {{.loss = on_loss::restart, .going = true, .taken_down = true, .follows = sequel::start_again}, nothing},
      {{.loss = on_loss::stop, .going = true, .taken_down = true, .follows = sequel::start_again}, park},
      // What took its last incarnation down is no matter of this one.
      {{.loss = on_loss::restart, .taken_down = true}, restart},
      // Its group says what follows.
      {{.loss = on_loss::stop, .follows = sequel::with_group}, go_with_group},
      {{.loss = on_loss::restart, .follows = sequel::with_group}, go_with_group},
      {{.loss = on_loss::stop, .going = true, .taken_down = true, .follows = sequel::with_group}, nothing},
      {{.loss = on_loss::ignore, .follows = sequel::with_group}, nothing},
      {{.loss = on_loss::stop, .going = true, .taken_down = true, .follows = sequel::gave_up}, nothing},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(decide_loss(rows[i].facts), rows[i].expected) << "row " << i;
}

TEST(Obstacle, IsATable) {
  struct row {
    obstacle_facts facts;
    obstacle expected;
  };
  using enum row_state;
  const std::vector<row> rows{
      {{.state = waiting}, obstacle::waits_for_place},
      {{.state = waiting, .needs_others = true}, obstacle::waits_for_others},
      {{.state = starting}, obstacle::starts},
      {{.state = running}, obstacle::none},
      {{.state = running, .unwanted = true, .needs_others = true}, obstacle::none},
      {{.state = stopping}, obstacle::waits_for_dependents},
      {{.state = stopping, .requested = true}, obstacle::stops},
      {{.state = stopping, .requested = true, .forced = true}, obstacle::forced},
      {{.state = abandoned, .requested = true, .forced = true}, obstacle::forced},
      {{.state = abandoned}, obstacle::waits_for_dependents},
      {{.state = backoff}, obstacle::backs_off},
      {{.state = backoff, .with_group = true}, obstacle::waits_for_group},
      {{.state = backoff, .with_group = true, .makes_sure = true}, obstacle::waits_for_store},
      {{.state = row_state::stopped}, obstacle::stopped},
      {{.state = row_state::stopped, .parked = true}, obstacle::requirement_lost},
      {{.state = row_state::stopped, .unwanted = true, .parked = true}, obstacle::unwanted},
      {{.state = completed}, obstacle::completed},
      {{.state = gave_up}, obstacle::gave_up},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(obstacle_of(rows[i].facts), rows[i].expected) << "row " << i;
}

TEST(SequelDecision, IsWhatWasSaidUnlessNothingFollows) {
  using enum sequel;
  for (const sequel said : {by_policy, start_again, with_group, stopped, gave_up}) {
    EXPECT_EQ(decide_sequel({.said = said}), said);
    EXPECT_EQ(decide_sequel({.said = said, .for_good = true}), stopped);
    EXPECT_EQ(decide_sequel({.said = said, .for_good = true, .awaited = true}), stopped);
    EXPECT_EQ(decide_sequel({.said = said, .awaited = true}), said == by_policy ? stopped : said) << "what follows is for whoever awaits it to say";
  }
}

}  // namespace
}  // namespace steward
