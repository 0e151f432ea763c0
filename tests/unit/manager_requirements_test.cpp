// SPDX-License-Identifier: Apache-2.0
//
// Entries that require others: started after them, stopped before them, and what follows when they are lost.
#include "manager_fixture.hpp"

#include <map>

namespace steward::test {
namespace {

using needs = std::vector<requirement<std::string>>;

class ManagerRequirements : public manager_test {
 protected:
  ManagerRequirements() {
    how.requirements = [this](const std::string& key, const runnable&) { return required.contains(key) ? required[key] : needs{}; };
  }

  void look() {
    kept->reconcile_now();
    time.run_until_idle();
  }

  /// After that the database starts again, for a second.
  void lose_the_database_while_web_starts(on_loss loss) {
    required["web"] = {{"database", loss}};
    table_.put("database", runnable(scripted("database", log).lose_after(10s).then(scripted("database", log).ready_after(1s))));
    table_.put("web", runnable(scripted("web", log).ready_after(1min).then(scripted("web", log))));
    run(table_);
    EXPECT_EQ(state("web"), row_state::starting);
    time.advance(10s);
  }

  std::map<std::string, needs> required;
};

TEST_F(ManagerRequirements, AreStartedFirstAndStoppedLast) {
  required["web"] = {{"database"}};
  table_.put("database", runnable(scripted("database", log).ready_after(1s)));
  table_.put("web", runnable(scripted("web", log).winds_down_in(1s)));
  run(table_);
  EXPECT_EQ(state("web"), row_state::waiting);
  time.advance(1s);
  EXPECT_EQ(state("web"), row_state::running);
  finish();
  EXPECT_THAT(log.lines(), ElementsAre("database start", "database ready", "web start", "web ready", "web released", "web end", "database released",
                                       "database end"));
}

TEST_F(ManagerRequirements, WhatIsToBeStoppedWaitsForThoseThatRequireIt) {
  required["web"] = {{"database"}};
  required["top"] = {{"web"}};
  for (const char* key : {"database", "web", "top"}) table_.put(key, runnable(scripted(key, log).winds_down_in(1s)));
  run(table_);
  log.clear();
  table_.set_wanted("database", wanted::down);
  look();
  EXPECT_EQ(state("database"), row_state::stopping);
  time.advance(3s);
  EXPECT_EQ(state("database"), row_state::stopped);
  EXPECT_EQ(state("web"), row_state::waiting);
  EXPECT_EQ(state("top"), row_state::waiting);
  EXPECT_THAT(log.lines(), ElementsAre("top released", "top end", "web released", "web end", "database released", "database end"));
  EXPECT_EQ(kept->status("web")->because_of, "database");
  table_.set_wanted("database", wanted::up);
  look();
  EXPECT_EQ(state("top"), row_state::running);
  EXPECT_EQ(kept->status("web")->because_of, std::nullopt);
  finish();
}

TEST_F(ManagerRequirements, OneThatIsLostTakesThoseDownThatRequireItAndTheyComeBackAfterIt) {
  required["web"] = {{"database"}};
  scripted database = scripted("database", log).lose_after(10s).fail_with(error("disk full")).then(scripted("database", log).ready_after(1s));
  table_.put("database", runnable(database));
  table_.put("web", runnable(scripted("web", log).winds_down_in(100ms)));
  run(table_);
  time.advance(10s);
  EXPECT_EQ(state("database"), row_state::starting);
  EXPECT_EQ(state("web"), row_state::stopping);
  time.advance(100ms);
  EXPECT_EQ(state("web"), row_state::waiting);
  time.advance(900ms);
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(kept->status("web")->restarts, 0U) << "it has not failed";
  finish();
}

TEST_F(ManagerRequirements, WithStopItStaysDownUntilItsRowIsEditedOrSomebodyStartsIt) {
  required["web"] = {{"database", on_loss::stop}};
  table_.put("database", runnable(scripted("database", log).lose_after(10s).then(scripted("database", log))));
  table_.put("web", runnable(scripted("web", log)));
  run(table_);
  time.advance(3min);
  EXPECT_EQ(state("database"), row_state::running);
  EXPECT_EQ(state("web"), row_state::stopped) << "no pass starts it";
  table_.put("web", runnable(scripted("web", log)));
  look();
  EXPECT_EQ(state("web"), row_state::running);
  finish();
}

TEST_F(ManagerRequirements, WithIgnoreItGoesOn) {
  required["web"] = {{"database", on_loss::ignore}};
  table_.put("database", runnable(scripted("database", log).lose_after(10s).then(scripted("database", log).hang())));
  table_.put("web", runnable(scripted("web", log)));
  run(table_);
  time.advance(1min);
  EXPECT_EQ(state("web"), row_state::running);
  table_.set_wanted("database", wanted::down);
  look();
  EXPECT_EQ(state("database"), row_state::stopped) << "and does not keep the other";
  finish();
}

TEST_F(ManagerRequirements, OneThatIsLostEndsAStartThatIsUnderWayAndItBeginsAgainAfterIt) {
  lose_the_database_while_web_starts(on_loss::restart);
  EXPECT_EQ(state("web"), row_state::waiting);
  EXPECT_EQ(kept->status("web")->because_of, "database");
  time.advance(1s);
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(kept->status("web")->incarnation, 2U);
  EXPECT_EQ(kept->status("web")->restarts, 0U) << "it has not failed";
  finish();
}

TEST_F(ManagerRequirements, WithStopAStartThatIsUnderWayEndsForGood) {
  lose_the_database_while_web_starts(on_loss::stop);
  EXPECT_EQ(kept->explain("web")->why, obstacle::requirement_lost);
  time.advance(3min);
  EXPECT_EQ(state("database"), row_state::running);
  EXPECT_EQ(state("web"), row_state::stopped) << "no pass starts it";
  finish();
}

TEST_F(ManagerRequirements, WithIgnoreAStartThatIsUnderWayGoesOn) {
  lose_the_database_while_web_starts(on_loss::ignore);
  EXPECT_EQ(state("web"), row_state::starting);
  time.advance(50s);
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(kept->status("web")->incarnation, 1U);
  finish();
}

TEST_F(ManagerRequirements, AnEditOfWhatIsRequiredGoesThroughAllInOrder) {
  required["web"] = {{"database"}};
  table_.put("database", runnable(scripted("database", log)));
  table_.put("web", runnable(scripted("web", log).winds_down_in(1s)));
  run(table_);
  log.clear();
  table_.put("database", runnable(scripted("database 2", log)));
  look();
  time.advance(1s);
  EXPECT_THAT(log.lines(), ElementsAre("web released", "web end", "database released", "database end", "database 2 start", "database 2 ready",
                                       "web start", "web ready"));
  finish();
}

TEST_F(ManagerRequirements, AStopPreemptsAStartThatIsUnderWay) {
  required["web"] = {{"database"}};
  table_.put("database", runnable(scripted("database", log)));
  table_.put("web", runnable(scripted("web", log).ready_after(1h)));
  run(table_);
  EXPECT_EQ(state("web"), row_state::starting);
  table_.erase("database");
  look();
  EXPECT_FALSE(kept->status("database"));
  EXPECT_EQ(state("web"), row_state::waiting);
  finish();
}

TEST_F(ManagerRequirements, TwoThatRequireEachOtherAndWereStartedByHandCanBeStopped) {
  required["a"] = {{"b"}};
  required["b"] = {{"a"}};
  table_.put("a", runnable(scripted("a", log)));
  table_.put("b", runnable(scripted("b", log)));
  run(table_);
  background<std::shared_ptr<const runnable>> first(time, kept->start(root, "a"));
  time.run_until_idle();
  EXPECT_EQ(state("a"), row_state::waiting) << "a cycle waits for itself";
  EXPECT_EQ(state("b"), row_state::waiting);
  table_.set_wanted("a", wanted::down);
  look();
  table_.set_wanted("a", wanted::up);
  background<std::shared_ptr<const runnable>> by_hand(time, kept->start(root, "a"));
  time.run_until_idle();
  EXPECT_EQ(state("a"), row_state::running);
  EXPECT_EQ(state("b"), row_state::running);
  table_.erase("a");
  table_.erase("b");
  look();
  EXPECT_FALSE(kept->status("a"));
  EXPECT_FALSE(kept->status("b"));
  finish();
}

}  // namespace
}  // namespace steward::test
