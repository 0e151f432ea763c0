// SPDX-License-Identifier: Apache-2.0
//
// Groups: who goes down with whom, when they come up again, and their budgets.
#include "manager_fixture.hpp"
#include "steward/supervision.hpp"

#include <map>

namespace steward::test {
namespace {

class ManagerGroups : public manager_test {
 protected:
  ManagerGroups() {
    how.group = [this](const std::string& key, const runnable&) -> std::optional<group_place> {
      const auto place = places.find(key);
      if (place == places.end()) return std::nullopt;
      return group_place{"all", place->second};
    };
    how.groups = [this](const std::string&) { return policy; };
    policy.restart.delays.jitter = 0;
  }

  void put(const std::string& key, const scripted& what) { table_.put(key, runnable(what)); }
  [[nodiscard]] scripted part(const std::string& name) { return scripted(name, log); }
  void look() {
    kept->reconcile_now();
    time.run_until_idle();
  }

  std::map<std::string, std::uint32_t> places{{"a", 1}, {"b", 2}, {"c", 3}};
  group_policy policy;
};

TEST_F(ManagerGroups, OneForOneRestartsTheFailedOneAlone) {
  put("a", part("a"));
  put("b", part("b").lose_after(10s).fail_with(error("no")).then(part("b")));
  run(table_);
  log.clear();
  time.advance(10s);
  EXPECT_THAT(log.lines(), ElementsAre("b lost", "b released", "b end", "b start", "b ready"));
  finish();
}

TEST_F(ManagerGroups, OneForAllTakesAllDownAndStartsThemAgainInOrderWhenAllAreGone) {
  policy.strategy = group_strategy::one_for_all;
  put("a", part("a").winds_down_in(1s));
  put("b", part("b").lose_after(10s).fail_with(error("no")).then(part("b")));
  put("c", part("c").winds_down_in(2s));
  put("alone", part("alone"));
  run(table_);
  log.clear();
  time.advance(10s);
  EXPECT_EQ(state("b"), row_state::backoff);
  EXPECT_EQ(kept->explain("b")->why, obstacle::waits_for_group);
  EXPECT_EQ(kept->status("a")->because_of, "b");
  time.advance(2s);
  EXPECT_THAT(log.lines(), ElementsAre("b lost", "b released", "b end", "a released", "c released", "a end", "c end", "a start", "a ready", "b start",
                                       "b ready", "c start", "c ready"));
  EXPECT_EQ(kept->status("a")->restarts, 1U);
  EXPECT_EQ(kept->status("alone")->incarnation, 1U);
  finish();
}

TEST_F(ManagerGroups, RestForOneTakesThoseDownWhosePlaceComesAfter) {
  policy.strategy = group_strategy::rest_for_one;
  put("a", part("a"));
  put("b", part("b").lose_after(10s).fail_with(error("no")).then(part("b")));
  put("c", part("c"));
  run(table_);
  log.clear();
  time.advance(10s);
  EXPECT_THAT(log.lines(), ElementsAre("b lost", "b released", "b end", "c released", "c end", "b start", "b ready", "c start", "c ready"));
  finish();
}

TEST_F(ManagerGroups, ASecondFailureDuringABackoffJoinsItAndTheLaterTimeCounts) {
  policy.strategy = group_strategy::rest_for_one;
  policy.restart.delays.initial = 10s;
  policy.restart.delays.factor = 2;
  how.policy = [](const std::string&, const runnable&) {
    restart_policy own;
    own.delays.initial = 1ms;
    return own;
  };
  put("a", part("a").lose_after(15s).fail_with(error("no")).then(part("a")));
  put("b", part("b"));
  put("c", part("c").lose_after(5s).fail_with(error("no")).then(part("c").lose_after(5s).fail_with(error("no")).then(part("c"))));
  run(table_);
  time.advance(10s);  // c: at once, then after 10 s
  EXPECT_EQ(state("c"), row_state::backoff);
  EXPECT_EQ(kept->status("c")->until, time.now() + 10s);
  time.advance(5s);  // a fails: the third failure of the group waits 20 s, and b goes down too
  EXPECT_EQ(state("a"), row_state::backoff);
  EXPECT_EQ(state("b"), row_state::backoff);
  EXPECT_EQ(state("c"), row_state::backoff);
  log.clear();
  time.advance(20s - 1ns);
  EXPECT_THAT(log.lines(), IsEmpty());
  time.advance(1ns);
  EXPECT_THAT(log.lines(), ElementsAre("a start", "a ready", "b start", "b ready", "c start", "c ready"));
  finish();
}

TEST_F(ManagerGroups, ItsBudgetIsItsOwnAndWhenItIsUsedUpAllGiveUp) {
  policy.strategy = group_strategy::one_for_all;
  policy.restart.budget = restart_budget{.restarts = 2, .window = 1h, .then = exhausted::give_up};
  put("a", part("a").lose_after(1min).fail_with(error("no")));
  put("b", part("b"));
  run(table_);
  time.advance(3min);
  EXPECT_EQ(state("a"), row_state::gave_up);
  EXPECT_EQ(state("b"), row_state::gave_up);
  EXPECT_EQ(kept->status("b")->restarts, 2U);
  EXPECT_EQ(kept->status("b")->because_of, "a");
  time.advance(3min);
  EXPECT_EQ(state("a"), row_state::gave_up) << "no pass starts it";
  background<std::shared_ptr<const runnable>> by_hand(time, kept->start(root, "a"));
  time.advance(90s);
  EXPECT_EQ(state("a"), row_state::running) << "a start by hand is always allowed, and clears the counters";
  finish();
}

TEST_F(ManagerGroups, AMemberThatGivesUpTakesItsGroupAlong) {
  policy.strategy = group_strategy::one_for_all;
  how.policy = [](const std::string&, const runnable&) {
    restart_policy own;
    own.budget = restart_budget{.restarts = 0, .window = 1h, .then = exhausted::give_up};
    return own;
  };
  put("a", part("a").lose_after(1min).fail_with(error("no")));
  put("b", part("b").winds_down_in(1s));
  run(table_);
  time.advance(1min);
  EXPECT_EQ(state("a"), row_state::gave_up);
  EXPECT_EQ(state("b"), row_state::stopping);
  time.advance(1s);
  EXPECT_EQ(state("b"), row_state::gave_up);
  finish();
}

TEST_F(ManagerGroups, NoPassBringsBackOneThatGivesUpWithItsGroupAndIsNotGoneYet) {
  policy.strategy = group_strategy::one_for_all;
  policy.restart.budget = restart_budget{.restarts = 0, .window = 1h, .then = exhausted::give_up};
  put("a", part("a").lose_after(10s).fail_with(error("no")));
  put("b", part("b").winds_down_in(1s));
  run(table_);
  time.advance(10s);
  ASSERT_EQ(state("b"), row_state::stopping);
  look();
  time.advance(1s);
  EXPECT_EQ(state("b"), row_state::gave_up);
  finish();
}

TEST_F(ManagerGroups, WhoGaveUpWithItsGroupAndWasEditedIsOnlyStoppedWhenItIsStoppedLater) {
  policy.strategy = group_strategy::one_for_all;
  policy.restart.budget = restart_budget{.restarts = 0, .window = 1h, .then = exhausted::give_up};
  put("a", part("a").lose_after(10s).fail_with(error("no")));
  put("b", part("b").winds_down_in(1s));
  faulty_table<std::string, runnable> slow(table_);
  run(slow);
  time.advance(10s);
  ASSERT_EQ(state("b"), row_state::stopping);
  put("b", part("b"));
  look();
  slow.on_every_get(fault::slow(10s));
  time.advance(1s);
  ASSERT_EQ(state("b"), row_state::starting);  // its row is being read
  background<void> by_hand(time, kept->stop(root, "b"));
  time.run_until_idle();
  EXPECT_EQ(state("b"), row_state::stopped);
  finish();
}

TEST_F(ManagerGroups, AStopByHandTakesAMemberOutOfARestartThatIsUnderWay) {
  policy.strategy = group_strategy::one_for_all;
  put("a", part("a").lose_after(1min).fail_with(error("no")).then(part("a")));
  put("b", part("b").winds_down_in(10s));
  run(table_);
  time.advance(1min);
  table_.set_wanted("b", wanted::down);
  background<void> stopping(time, kept->stop(root, "b"));
  time.run_until_idle();
  EXPECT_EQ(state("a"), row_state::running) << "it need not wait for one that does not come back";
  time.advance(10s);
  EXPECT_TRUE(stopping.done());
  EXPECT_EQ(state("b"), row_state::stopped);
  finish();
}

TEST_F(ManagerGroups, AnEditDuringARestartLetsTheMemberGoItsOwnWay) {
  policy.strategy = group_strategy::one_for_all;
  policy.restart.delays.initial = 1min;
  put("a", part("a").lose_after(1s).fail_with(error("no")));
  put("b", part("b"));
  run(table_);
  time.advance(2s);
  EXPECT_EQ(state("b"), row_state::backoff);
  put("b", part("b 2"));
  look();
  EXPECT_EQ(state("b"), row_state::running);
  EXPECT_EQ(state("a"), row_state::backoff);
  finish();
}

TEST_F(ManagerGroups, TheEndOfTheManagerEndsARestartThatIsUnderWay) {
  policy.strategy = group_strategy::one_for_all;
  policy.restart.delays.initial = 1h;
  put("a", part("a").lose_after(1s).fail_with(error("no")));
  put("b", part("b").winds_down_in(1s));
  run(table_);
  time.advance(1s);
  time.advance(2500ms);
  released.open();
  time.advance(1s);
  EXPECT_TRUE(running->done());
}

TEST_F(ManagerGroups, ARestartThatIsUnderWayWhenTheEndBeginsIsForgotten) {
  policy.strategy = group_strategy::one_for_all;
  policy.restart.delays.initial = 1min;
  how.after = [](const std::string& key, const runnable&) { return key == "c" ? std::vector<std::string>{"b"} : std::vector<std::string>{}; };
  put("a", part("a").lose_after(1s).fail_with(error("no")));
  put("b", part("b").lose_after(1100ms).winds_down_in(500ms));
  put("c", part("c").winds_down_in(10s));
  run(table_);
  time.advance(1050ms);
  released.open();
  time.advance(20s);
  EXPECT_TRUE(running->done());
  time.advance(1h);  // no timer of it is left
}

TEST_F(ManagerGroups, AStartByHandThatItTakesDownDoesNotHoldItUp) {
  policy.strategy = group_strategy::one_for_all;
  faulty_table<std::string, runnable> slow(table_);
  put("a", part("a").lose_after(1min).fail_with(error("no")).then(part("a")));
  table_.put("b", runnable(part("b")), wanted::down);
  run(slow);
  slow.on_get(1, fault::slow(10s));
  table_.set_wanted("b", wanted::up);
  time.advance(1min - 5s);
  background<std::shared_ptr<const runnable>> by_hand(time, kept->start(root, "b"));
  time.advance(10s);
  EXPECT_TRUE(by_hand.done());
  EXPECT_EQ(state("a"), row_state::running);
  finish();
}

TEST_F(ManagerGroups, AMemberThatRequiresAnotherComesBackWithTheGroupWhateverItsLossSays) {
  policy.strategy = group_strategy::one_for_all;
  how.requirements = [](const std::string& key, const runnable&) {
    return key == "c" ? std::vector<requirement<std::string>>{{"a", on_loss::stop}} : std::vector<requirement<std::string>>{};
  };
  put("a", part("a"));
  put("b", part("b").lose_after(1min).fail_with(error("no")).then(part("b")));
  put("c", part("c"));
  run(table_);
  time.advance(2min);
  EXPECT_EQ(state("c"), row_state::running);
  EXPECT_EQ(kept->status("c")->incarnation, 2U);
  finish();
}

TEST_F(ManagerGroups, DeletedRowsLeaveIt) {
  policy.strategy = group_strategy::one_for_all;
  put("a", part("a").lose_after(1min).fail_with(error("no")).then(part("a")));
  put("b", part("b"));
  run(table_);
  table_.erase("b");
  look();
  EXPECT_FALSE(kept->status("b"));
  time.advance(1min);
  EXPECT_EQ(state("a"), row_state::running);
  finish();
}

class GroupStrategyTable : public ::testing::TestWithParam<std::tuple<group_strategy, restart, exit_reason>> {};

// {policy} × {exit reason} × {strategy}: who of three runs on, is restarted, or stays down, after the second one has ended that way.
TEST_P(GroupStrategyTable, SaysWhoIsRestarted) {
  const auto [strategy, when, reason] = GetParam();
  virtual_scheduler time;
  root_context root(time);
  memory_table<std::string, runnable> rows;
  scripted second("second");
  switch (reason) {
    case exit_reason::completed:
      second.lose_after(1min);
      break;
    case exit_reason::failed:
      second.lose_after(1min).fail_with(error("no"));
      break;
    case exit_reason::exception:
      second.lose_after(1min).at_end([] { throw std::runtime_error("no"); });
      break;
    default:
      FAIL();
  }
  second.then(scripted("second"));
  for (int key = 1; key <= 3; ++key) rows.put(std::to_string(key), key == 2 ? runnable(second) : runnable(scripted("other")));
  manager_options<std::string, runnable> how;
  how.policy = [when](const std::string&, const runnable&) {
    restart_policy policy;
    policy.when = when;
    return policy;
  };
  how.group = [](const std::string& key, const runnable&) { return group_place{"all", static_cast<std::uint32_t>(std::stoi(key))}; };
  how.groups = [strategy](const std::string&) {
    group_policy policy;
    policy.strategy = strategy;
    return policy;
  };
  fleet kept(rows, how);
  gate released;
  auto hold = [&](context&) -> task<> {
    co_await released.passed();
    co_return {};
  };
  background<void> running(time, kept.run(root, hold));
  time.advance(1min);
  time.advance(1s);

  const bool again = when == restart::always || (when == restart::on_failure && reason != exit_reason::completed);
  for (int key = 1; key <= 3; ++key) {
    const auto known = kept.status(std::to_string(key));
    const bool goes_down = key != 2 && again && goes_down_with(strategy, 2, static_cast<std::uint32_t>(key));
    EXPECT_EQ(known->state, key == 2 && !again ? row_state::completed : row_state::running) << key;
    EXPECT_EQ(known->incarnation, (key == 2 && again) || goes_down ? 2U : 1U) << key;
  }
  released.open();
  time.advance(1min);
  EXPECT_TRUE(running.done());
}

INSTANTIATE_TEST_SUITE_P(All, GroupStrategyTable,
                         ::testing::Combine(::testing::Values(group_strategy::one_for_one, group_strategy::one_for_all, group_strategy::rest_for_one),
                                            ::testing::Values(restart::always, restart::on_failure, restart::never),
                                            ::testing::Values(exit_reason::completed, exit_reason::failed, exit_reason::exception)),
                         [](const auto& of) {
                           return std::string(to_string(std::get<0>(of.param))) + "_" + std::string(to_string(std::get<1>(of.param))) + "_" +
                                  std::string(to_string(std::get<2>(of.param)));
                         });

}  // namespace
}  // namespace steward::test
