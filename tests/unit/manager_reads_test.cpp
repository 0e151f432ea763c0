// SPDX-License-Identifier: Apache-2.0
//
// What a manager makes of the answers of its table: those that fail, come late, or do not come at all.
#include "manager_fixture.hpp"
#include "steward/testing/gate.hpp"

#include <map>

namespace steward::test {
namespace {

class ManagerReads : public manager_test {
 protected:
  void put(const std::string& key, const scripted& what) { table_.put(key, runnable(what)); }
  [[nodiscard]] scripted part(const std::string& name) { return scripted(name, log); }
  void look() {
    kept->reconcile_now();
    time.run_until_idle();
  }

  faulty_table<std::string, runnable> faulty{table_};
};

TEST_F(ManagerReads, M10_ADeletedRowThatCannotBeReadIsReportedWithItsKeyAndKeepsNoOther) {
  put("a", part("a"));
  put("b", part("b"));
  run(faulty);
  table_.erase("a");
  table_.erase("b");
  faulty.on_get(1, fault::failing(errc::unreadable));
  look();
  EXPECT_THAT(problems, ElementsAre("a: unreadable"));
  EXPECT_EQ(state("a"), row_state::running);
  EXPECT_FALSE(kept->status("b"));
  finish();
}

TEST_F(ManagerReads, M10_AReadThatTheEndOfTheManagerGivesUpIsNoProblem) {
  put("web", part("web").lose_after(1s));
  run(faulty);
  faulty.on_get(1, fault::hanging());
  time.advance(1s);
  EXPECT_EQ(state("web"), row_state::starting) << "its row is read again";
  finish();
  EXPECT_THAT(problems, IsEmpty());
}

TEST_F(ManagerReads, M13_AnAnswerThatIsOvertakenByANewerOneUndoesNothing) {
  how.watch = true;
  put("web", part("web"));
  run(faulty);
  faulty.on_get(1, fault::late(1s));
  put("web", part("web 2"));
  time.run_until_idle();
  put("web", part("web 3"));
  look();
  EXPECT_TRUE(log.has("web 3 ready"));
  time.advance(2s);
  EXPECT_FALSE(log.has("web 2 start"));
  EXPECT_EQ(kept->status("web")->incarnation, 2U);
  finish();
}

TEST_F(ManagerReads, M13_AnAnswerThatARowIsMissingIsOvertakenToo) {
  how.watch = true;
  run(faulty);
  faulty.on_get(1, fault::late(1s));
  kept->reconcile_now();
  table_.put("web", runnable(part("web")));
  table_.erase("web");
  time.run_until_idle();
  faulty.tell_hints(0);
  put("web", part("web 2"));
  look();
  EXPECT_EQ(state("web"), row_state::running);
  time.advance(2s);
  EXPECT_EQ(state("web"), row_state::running);
  finish();
}

TEST_F(ManagerReads, M8_ARowThatComesAfterMoreThanItDidWaitsBeforeItIsStartedAgain) {
  std::map<std::string, std::vector<std::string>> after;
  how.after = [&](const std::string& key, const runnable&) { return after[key]; };
  put("web", part("web").lose_after(1s));
  run(table_);
  after["web"] = {"db"};
  put("web", part("web 2"));
  time.advance(1s);
  EXPECT_EQ(state("web"), row_state::waiting);
  EXPECT_FALSE(log.has("web 2 start"));
  put("db", part("db"));
  look();
  EXPECT_EQ(state("web"), row_state::running);
  finish();
}

TEST_F(ManagerReads, M8_WhomItComesAfterIsAskedAgainAtItsStart) {
  bool looked_at_both = false;
  how.after = [&](const std::string& key, const runnable&) {
    if (key == "web 2") looked_at_both = true;
    return key == "web" && looked_at_both ? std::vector<std::string>{"db"} : std::vector<std::string>{};
  };
  put("web", part("web"));
  put("web 2", part("web 2"));
  run(table_);
  EXPECT_EQ(state("web 2"), row_state::running);
  EXPECT_EQ(state("web"), row_state::waiting) << "that has changed between its turn and its start";
  put("db", part("db"));
  look();
  EXPECT_EQ(state("web"), row_state::running);
  finish();
}

TEST_F(ManagerReads, M12_AnIterationThatHangsIsGivenUpAndTriedAgain) {
  how.read_limit = 10s;
  put("web", part("web"));
  faulty.on_fetch(1, fault::hanging());
  run(faulty);
  time.advance(10s);
  EXPECT_THAT(problems, ElementsAre("stopped: deadline"));
  EXPECT_TRUE(kept->unreadable());
  time.advance(1s);
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_FALSE(kept->unreadable());
  finish();
}

TEST_F(ManagerReads, M12_AnIterationMayTakeAnyTimeAsLongAsRowsCome) {
  how.read_limit = 10s;
  for (const char* key : {"a", "b", "c", "d"}) put(key, part(key));
  faulty.rows_in_a_page(1);
  faulty.on_every_fetch(fault::slow(9s));
  run(faulty);
  time.advance(45s);
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(state("d"), row_state::running);
  finish();
}

TEST_F(ManagerReads, M8_M12_AReadThatHangsDoesNotKeepAProcessFromBeingRestarted) {
  how.read_limit = 10s;
  put("web", part("web").lose_after(1s).then(part("web")));
  run(faulty);
  faulty.on_get(1, fault::hanging());
  time.advance(11s);
  EXPECT_THAT(problems, ElementsAre("web: stopped: deadline"));
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(kept->status("web")->incarnation, 2U);
  finish();
}

TEST_F(ManagerReads, M13_ARestartWhoseReadFailsIsOfTheRowThatAPassHasSeenMeanwhile) {
  put("web", part("web").lose_after(1s));
  run(faulty);
  faulty.on_get(1, fault::hanging());
  time.advance(1s);
  put("web", part("web 2"));
  look();
  EXPECT_EQ(state("web"), row_state::starting) << "what is being read may be newer";
  time.advance(how.read_limit);
  EXPECT_TRUE(log.has("web 2 ready"));
  EXPECT_EQ(kept->status("web")->incarnation, 2U);
  EXPECT_EQ(kept->status("web")->generation, 2U);
  finish();
}

TEST_F(ManagerReads, M4_AStartByHandThatHangsInItsReadFailsAtTheLimit) {
  how.read_limit = 10s;
  run(faulty);
  put("web", part("web"));
  faulty.on_get(1, fault::hanging());
  background<fleet::value_pointer> started(time, kept->start(root, "web"));
  time.advance(10s);
  ASSERT_TRUE(started.done());
  EXPECT_EQ(text(started.outcome()), "get process from table: stopped: deadline");
  finish();
}

TEST_F(ManagerReads, M7_AStartWaitsForWhateverIsLeftOfTheLastIncarnation) {
  how.edit = [](const std::string&, const runnable&, const runnable&) { return row_edit::reload; };
  how.reload = [](context&, const std::string&, const std::shared_ptr<const runnable>&) -> task<> {
    co_await testing::deaf_sleep(1s);
    co_return {};
  };
  put("web", part("web"));
  run(table_);
  put("web", part("web 2"));
  look();
  background<void> stopping(time, kept->stop(root, "web"));
  time.run_until_idle();
  background<fleet::value_pointer> started(time, kept->start(root, "web"));
  time.run_until_idle();
  EXPECT_FALSE(started.done()) << "its reload goes on, whatever its context says";
  time.advance(1s);
  EXPECT_TRUE(stopping.done());
  ASSERT_TRUE(started.done());
  EXPECT_EQ(text(started.outcome()), "success");
  finish();
}

TEST_F(ManagerReads, M10_WhatCannotBeReadAfterAReloadIsReported) {
  how.edit = [](const std::string&, const runnable&, const runnable&) { return row_edit::reload; };
  how.reload = [this](context&, const std::string&, const std::shared_ptr<const runnable>&) -> task<> {
    co_await or_return(co_await root.sleep_for(1s));
    co_return {};
  };
  put("web", part("web"));
  run(faulty);
  put("web", part("web 2"));
  look();
  put("web", part("web 3"));
  look();
  faulty.on_get(1, fault::failing(errc::unreadable));
  time.advance(1s);
  EXPECT_THAT(problems, ElementsAre("web: unreadable"));
  finish();
}

TEST_F(ManagerReads, ALateAnswerDoesNotUndoWhatAStartByHandHasRead) {
  how.watch = true;
  faulty_table<std::string, runnable> faulty(table_);
  table_.put("web", runnable(scripted("web", log)));
  run(faulty);
  background<void> stopping(time, kept->stop(root, "web"));
  time.run_until_idle();
  faulty.on_get(1, fault::late(10s));
  table_.put("web", runnable(scripted("web 2", log)));
  time.run_until_idle();
  faulty.tell_hints(0);
  table_.put("web", runnable(scripted("web 3", log)), wanted::down);
  background<fleet::value_pointer> by_hand(time, kept->start(root, "web"));
  time.run_until_idle();
  EXPECT_EQ(text(by_hand.outcome()), "process: invalid process state");
  time.advance(10s);
  EXPECT_EQ(state("web"), row_state::stopped) << "its row does not want it, and that was read last";
  finish();
}

}  // namespace
}  // namespace steward::test
