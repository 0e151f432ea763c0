// SPDX-License-Identifier: Apache-2.0
//
// What a manager does with the hints of its table.
#include "manager_fixture.hpp"

namespace steward::test {
namespace {

class ManagerWatch : public manager_test {
 protected:
  ManagerWatch() { how.watch = true; }

  void put(const std::string& key, const scripted& what) { table_.put(key, runnable(what)); }
  [[nodiscard]] scripted part(const std::string& name) { return scripted(name, log); }
};

TEST_F(ManagerWatch, EditsAreActedOnAtOnceAndWithoutAPass) {
  run(table_);
  const auto passes = kept->passes();
  put("web", part("web"));
  time.run_until_idle();
  EXPECT_EQ(state("web"), row_state::running);
  put("web", part("web 2"));
  time.run_until_idle();
  EXPECT_TRUE(log.has("web 2 ready"));
  table_.set_wanted("web", wanted::down);
  time.run_until_idle();
  EXPECT_EQ(state("web"), row_state::stopped);
  table_.erase("web");
  time.run_until_idle();
  EXPECT_FALSE(kept->status("web"));
  EXPECT_EQ(kept->passes(), passes);
  finish();
}

TEST_F(ManagerWatch, LostHintsAreMadeUpForByTheNextPass) {
  faulty_table<std::string, runnable> faulty(table_);
  faulty.tell_hints(0);
  run(faulty);
  put("web", part("web"));
  time.run_until_idle();
  EXPECT_FALSE(kept->status("web"));
  time.advance(60s);
  EXPECT_EQ(state("web"), row_state::running);
  finish();
}

TEST_F(ManagerWatch, HintsThatComeTwiceAreHarmless) {
  faulty_table<std::string, runnable> faulty(table_);
  faulty.tell_hints(2);
  run(faulty);
  put("web", part("web"));
  time.run_until_idle();
  put("web", part("web 2"));
  time.run_until_idle();
  EXPECT_EQ(kept->status("web")->incarnation, 2U);
  finish();
}

TEST_F(ManagerWatch, M12_AHintIsNeverTheTruthARowThatCannotBeReadStaysAsItIs) {
  faulty_table<std::string, runnable> faulty(table_);
  put("web", part("web"));
  run(faulty);
  faulty.on_get(1, fault::failing(error(errc::unreadable)));
  table_.erase("web");
  time.run_until_idle();
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(problems.size(), 1U);
  time.advance(60s);
  EXPECT_FALSE(kept->status("web"));
  finish();
}

TEST_F(ManagerWatch, AnEditDuringAPassIsNotUndoneByWhatThePassHadRead) {
  faulty_table<std::string, runnable> faulty(table_);
  put("a", part("a"));
  put("web", part("web"));
  faulty.rows_in_a_page(2);
  run(faulty);
  faulty.on_fetch(2, fault::slow(1s));  // the first page is read, its rows are looked at, and the pass goes on
  kept->reconcile_now();
  time.run_until_idle();
  put("web", part("web 2"));
  table_.erase("a");
  time.advance(2s);
  EXPECT_TRUE(log.has("web 2 ready"));
  EXPECT_EQ(kept->status("web")->incarnation, 2U);
  EXPECT_FALSE(kept->status("a"));
  finish();
}

// What was read because of a hint, before the row was deleted, is answered in the middle of a pass that did not find the row any more.
TEST_F(ManagerWatch, M12_AnAnswerDuringAPassIsNoRowOfThatPass) {
  faulty_table<std::string, runnable> faulty(table_);
  run(faulty);
  faulty.on_get(1, fault::late(1s));
  put("web", part("web"));
  time.run_until_idle();
  faulty.tell_hints(0);
  table_.erase("web");
  faulty.on_fetch(1, fault::slow(2s));
  kept->reconcile_now();
  time.advance(2s);
  EXPECT_FALSE(kept->status("web"));
  finish();
}

TEST_F(ManagerWatch, MoreEditsThanItRemembersAreLookedAtByAPass) {
  run(table_);
  const auto passes = kept->passes();
  for (int i = 0; i < 3000; ++i) table_.put("row " + std::to_string(i), runnable(scripted("many")));
  time.run_until_idle();
  EXPECT_EQ(kept->counts()[static_cast<std::size_t>(row_state::running)], 3000U);
  EXPECT_EQ(kept->passes(), passes + 1);
  finish();
}

TEST_F(ManagerWatch, HintsBeforeAndAfterTheRunAreNobodys) {
  put("web", part("web"));
  run(table_);
  released.open();
  time.run_until_idle();
  put("late", part("late"));
  time.advance(1h);
  EXPECT_TRUE(running->done());
  EXPECT_FALSE(log.has("late start"));
}

TEST_F(ManagerWatch, PassesGoOnWithJitter) {
  how.spread = [] { return 1.0; };
  run(table_);
  const auto passes = kept->passes();
  time.advance(65s);
  EXPECT_EQ(kept->passes(), passes);
  time.advance(1s);
  EXPECT_EQ(kept->passes(), passes + 1) << "a tenth later than the interval";
  finish();
}

}  // namespace
}  // namespace steward::test
