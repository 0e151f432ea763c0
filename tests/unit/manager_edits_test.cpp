// SPDX-License-Identifier: Apache-2.0
//
// Edits of a row while its process runs: keep, reload, restart, replace.
#include "manager_fixture.hpp"

namespace steward::test {
namespace {

class ManagerEdits : public manager_test {
 protected:
  ManagerEdits() {
    how.edit = [this](const std::string&, const runnable&, const runnable&) { return kind; };
    how.reload = [this](context& ctx, const std::string& key, const std::shared_ptr<const runnable>&) -> task<> {
      log.add(ctx, key + " reloads");
      if (reload_takes.count() > 0) co_await or_return(co_await ctx.sleep_for(reload_takes));
      co_return reload_result;
    };
  }

  void put(const std::string& key, const scripted& what) { table_.put(key, runnable(what)); }
  [[nodiscard]] scripted part(const std::string& name) { return scripted(name, log); }
  void look() {
    kept->reconcile_now();
    time.run_until_idle();
  }
  /// Runs "web", and has the manager see that its row was edited.
  void run_and_edit(row_edit how_it_is_followed) {
    kind = how_it_is_followed;
    put("web", part("web"));
    run(table_);
    put("web", part("web 2"));
    look();
  }
  [[nodiscard]] std::uint64_t generation() { return kept->status("web")->generation; }
  [[nodiscard]] std::uint64_t incarnation() { return kept->status("web")->incarnation; }

  row_edit kind = row_edit::restart;
  std::chrono::nanoseconds reload_takes{};
  result<> reload_result;
};

TEST_F(ManagerEdits, KeepTakesTheNewValueAndNothingElse) {
  run_and_edit(row_edit::keep);
  EXPECT_EQ(generation(), 2U);
  EXPECT_EQ(incarnation(), 1U);
  EXPECT_FALSE(log.has("web 2 start"));
  finish();
}

TEST_F(ManagerEdits, KeepHoldsForWhatStartsAndSetsItsDeadlineAnew) {
  kind = row_edit::keep;
  std::chrono::nanoseconds limit = 1h;
  how.deadlines = [&limit](const std::string&, const runnable&) { return process_deadlines{.start = limit}; };
  put("web", part("web").hang());
  run(table_);
  time.advance(10s);
  limit = 30s;
  put("web", part("web 2"));
  look();
  EXPECT_EQ(state("web"), row_state::starting);
  EXPECT_EQ(incarnation(), 1U);
  time.advance(19s);
  EXPECT_EQ(state("web"), row_state::starting);
  time.advance(1s);
  EXPECT_EQ(kept->status("web")->last->reason, exit_reason::start_deadline) << "counted from its start";
  finish();
}

TEST_F(ManagerEdits, KeepTakesTheNewRequirements) {
  kind = row_edit::keep;
  on_loss loss = on_loss::restart;
  how.requirements = [&loss](const std::string& key, const runnable&) {
    return key == "web" ? std::vector<requirement<std::string>>{{"database", loss}} : std::vector<requirement<std::string>>();
  };
  put("database", part("database").lose_after(1min));
  put("web", part("web"));
  run(table_);
  loss = on_loss::ignore;
  put("web", part("web 2"));
  look();
  time.advance(1min);
  EXPECT_EQ(kept->status("database")->incarnation, 2U);
  EXPECT_EQ(incarnation(), 1U) << "it does not matter to it any more";
  finish();
}

TEST_F(ManagerEdits, WhatNewlyRequiresOneThatDoesNotRunIsRestartedAndWaits) {
  bool required = false;
  how.requirements = [&required](const std::string& key, const runnable&) {
    return key == "web" && required ? std::vector<requirement<std::string>>{{"database"}} : std::vector<requirement<std::string>>();
  };
  for (const row_edit each : {row_edit::keep, row_edit::reload, row_edit::replace}) {
    kind = each;
    required = false;
    table_.put("database", runnable(part("database")), wanted::down);
    put("web", part("web"));
    run(table_);
    log.clear();
    required = true;
    put("web", part("web 2"));
    look();
    EXPECT_EQ(state("web"), row_state::waiting) << to_string(each);
    EXPECT_THAT(log.lines(), ElementsAre("web released", "web end"));
    table_.set_wanted("database", wanted::up);
    look();
    EXPECT_EQ(state("web"), row_state::running) << to_string(each);
    finish();
    released.close();
  }
}

TEST_F(ManagerEdits, WhatNoLongerIgnoresALossThatHasHappenedIsRestartedAndWaits) {
  kind = row_edit::keep;
  on_loss loss = on_loss::ignore;
  how.requirements = [&loss](const std::string& key, const runnable&) {
    std::vector<requirement<std::string>> all;
    if (key == "web") all.push_back({"base", loss});
    return all;
  };
  put("base", part("base").lose_after(1s));
  put("web", part("web"));
  how.policy = [](const std::string&, const runnable&) { return restart_policy{.when = restart::never, .delays = {}}; };
  run(table_);
  time.advance(2s);
  EXPECT_EQ(state("web"), row_state::running);
  loss = on_loss::restart;
  put("web", part("web 2"));
  look();
  EXPECT_EQ(state("web"), row_state::waiting);
  finish();
}

TEST_F(ManagerEdits, ReloadHandsItToTheProcessThatRuns) {
  run_and_edit(row_edit::reload);
  EXPECT_EQ(generation(), 2U);
  EXPECT_EQ(incarnation(), 1U);
  EXPECT_THAT(log.lines(), ElementsAre("web start", "web ready", "web reloads"));
  finish();
}

TEST_F(ManagerEdits, AReloadThatFailsIsReportedAndRestarts) {
  reload_result = fail(error("no such colour"));
  run_and_edit(row_edit::reload);
  EXPECT_THAT(problems, ElementsAre("web: reload: no such colour"));
  EXPECT_EQ(incarnation(), 2U);
  EXPECT_TRUE(log.has("web 2 ready"));
  finish();
}

TEST_F(ManagerEdits, AnEditDuringAReloadIsSeenAfterIt) {
  reload_takes = 1s;
  run_and_edit(row_edit::reload);
  put("web", part("web 3"));
  look();
  const auto before = generation();
  time.advance(1s);
  EXPECT_EQ(generation(), before + 1);
  time.advance(1s);
  EXPECT_EQ(generation(), before + 2);
  EXPECT_EQ(log.count("web reloads"), 2U);
  finish();
}

TEST_F(ManagerEdits, AStopEndsAReload) {
  reload_takes = 1h;
  run_and_edit(row_edit::reload);
  background<void> stopping(time, kept->stop(root, "web"));
  time.run_until_idle();
  EXPECT_TRUE(stopping.done());
  EXPECT_EQ(state("web"), row_state::stopped);
  finish();
}

TEST_F(ManagerEdits, AReloadHasUntilTheStartDeadlineOfItsRow) {
  how.deadlines = [](const std::string&, const runnable&) { return process_deadlines{.start = 5s}; };
  reload_takes = 1h;
  run_and_edit(row_edit::reload);
  time.advance(5s);
  EXPECT_THAT(problems, ElementsAre("web: reload: stopped: deadline"));
  EXPECT_EQ(incarnation(), 2U);
  EXPECT_TRUE(log.has("web 2 ready"));
  finish();
}

TEST_F(ManagerEdits, WhatIsLostDuringAReloadIsRestartedAtOnce) {
  kind = row_edit::reload;
  reload_takes = 1h;
  put("web", part("web").lose_after(10s).fail_with(error("no")));
  run(table_);
  put("web", part("web 2"));
  look();
  time.advance(10s);
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(incarnation(), 2U);
  EXPECT_TRUE(log.has("web 2 ready"));
  finish();
}

TEST_F(ManagerEdits, WhatIsStoppedBeforeItsReloadHasBegunIsNotReloaded) {
  kind = row_edit::reload;
  reload_takes = 1h;
  how.requirements = [](const std::string& key, const runnable&) {
    std::vector<requirement<std::string>> all;
    if (key == "web") all.push_back({"www", on_loss::restart});  // which a pass sees after it
    return all;
  };
  put("web", part("web"));
  put("www", part("www"));
  run(table_);
  put("web", part("web 2"));
  table_.set_wanted("www", wanted::down);
  look();
  EXPECT_EQ(state("www"), row_state::stopped);
  EXPECT_EQ(log.count("web reloads"), 0U);
  finish();
}

TEST_F(ManagerEdits, AnEndAfterAReloadIsSeenWhileTheTableIsSlow) {
  faulty_table<std::string, runnable> slow(table_);
  kind = row_edit::reload;
  put("web", part("web").lose_after(10s).fail_with(error("no")));
  run(slow);
  slow.on_every_get(fault::slow(20s));
  put("web", part("web 2"));
  look();
  time.advance(10s);
  EXPECT_EQ(state("web"), row_state::starting);
  finish();
}

TEST_F(ManagerEdits, TheStartDeadlineOfAReplacementIsThatOfItsOwnRow) {
  kind = row_edit::replace;
  how.deadlines = [this](const std::string&, const runnable& of) {
    const auto now = kept->get("web");
    return process_deadlines{.start = now && now->get() != &of ? 5s : 0s};
  };
  put("web", part("old"));
  run(table_);
  put("web", part("hangs").hang());
  look();
  time.advance(5s);
  EXPECT_TRUE(log.has("hangs end"));
  finish();
}

TEST_F(ManagerEdits, AStopWaitsForTheFormerOneToo) {
  kind = row_edit::replace;
  put("web", part("old").winds_down_in(10s));
  run(table_);
  put("web", part("new"));
  look();
  background<void> stopping(time, kept->stop(root, "web"));
  time.advance(9s);
  EXPECT_TRUE(log.has("new end"));
  EXPECT_FALSE(stopping.done());
  time.advance(1s);
  EXPECT_TRUE(stopping.done());
  EXPECT_EQ(state("web"), row_state::stopped);
  finish();
}

TEST_F(ManagerEdits, AStopThatIsGivenUpForcesTheFormerOneToo) {
  kind = row_edit::replace;
  put("web", part("old").winds_down_in(1h));
  run(table_);
  put("web", part("new"));
  look();
  deadline_context patience(root, 5s);
  background<void> stopping(time, kept->stop(patience, "web"));
  time.advance(5s);
  EXPECT_TRUE(log.has("old forced"));
  ASSERT_TRUE(stopping.done());
  EXPECT_FALSE(stopping.outcome());
  finish();
}

TEST_F(ManagerEdits, ReplaceStartsTheNewOneFirstAndStopsTheOldOneWhenItIsReady) {
  kind = row_edit::replace;
  put("web", part("old").winds_down_in(1s));
  run(table_);
  put("web", part("new").ready_after(1s));
  look();
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(incarnation(), 1U);
  time.advance(1s);
  EXPECT_EQ(incarnation(), 2U);
  EXPECT_EQ(state("web"), row_state::running);
  time.advance(1s);
  EXPECT_THAT(log.lines(), ElementsAre("old start", "old ready", "new start", "new ready", "old released", "old end"));
  time.advance(1h);
  EXPECT_EQ(incarnation(), 2U) << "the end of the old one is no end of the key";
  finish();
  EXPECT_TRUE(log.has("new end"));
}

TEST_F(ManagerEdits, AReplacementThatDoesNotComeUpLeavesTheOldOneRunning) {
  kind = row_edit::replace;
  put("web", part("old"));
  run(table_);
  put("web", part("new").end_before_ready(fail(error("no"))));
  look();
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(incarnation(), 1U);
  EXPECT_FALSE(log.has("old released"));
  ASSERT_FALSE(problems.empty());
  EXPECT_EQ(problems[0], "web: replace: run: no");
  finish();
}

TEST_F(ManagerEdits, TheDeadlinesHoldForAReplacementToo) {
  kind = row_edit::replace;
  how.deadlines = [](const std::string&, const runnable&) { return process_deadlines{.start = 5s, .stop = 3s, .kill = 1s}; };
  put("web", part("old").winds_down_in(1h));
  run(table_);
  put("web", part("hangs").hang());
  look();
  time.advance(5s);
  EXPECT_TRUE(log.has("hangs end"));
  EXPECT_EQ(state("web"), row_state::running);
  put("web", part("new"));
  look();
  EXPECT_EQ(incarnation(), 2U);
  time.advance(3s);
  EXPECT_TRUE(log.has("old forced")) << "the overlap is bounded";
  EXPECT_TRUE(log.has("old end"));
  finish();
}

TEST_F(ManagerEdits, AnOldOneThatEndsByItselfWhileTheNewOneStartsIsALossThatIsToldAtOnce) {
  kind = row_edit::replace;
  put("web", part("old").lose_after(10s).fail_with(error("no")));
  run(table_);
  time.advance(9s);
  put("web", part("new").ready_after(5s));
  look();
  time.advance(1s);
  EXPECT_EQ(state("web"), row_state::starting) << "nothing runs, and its policy says what follows: the new row";
  EXPECT_EQ(kept->status("web")->last->reason, exit_reason::failed);
  EXPECT_EQ(incarnation(), 2U);
  time.advance(5s);
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(incarnation(), 2U);
  finish();
}

TEST_F(ManagerEdits, ALossOfTheNewOneDuringTheOverlapIsNoticedWhenTheOldOneIsGone) {
  kind = row_edit::replace;
  put("web", part("old").winds_down_in(10s));
  run(table_);
  put("web", part("new").lose_after(1s).then(part("new")));
  look();
  time.advance(10s);
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(incarnation(), 3U);
  finish();
}

TEST_F(ManagerEdits, AnOldOneThatDoesNotEndEvenForcedIsToldAndIsAStraggler) {
  kind = row_edit::replace;
  how.deadlines = [](const std::string&, const runnable&) { return process_deadlines{.stop = 3s, .kill = 1s}; };
  gate lets_go;
  put("web", part("old").ignore_stop().winds_down_when(lets_go));
  run(table_);
  put("web", part("new"));
  look();
  EXPECT_EQ(state("web"), row_state::running);
  ASSERT_EQ(kept->stragglers().size(), 1U);
  EXPECT_EQ(kept->stragglers()[0].incarnation, 1U);
  EXPECT_EQ(kept->stragglers()[0].at, obstacle::stops);
  time.advance(3s);
  EXPECT_EQ(kept->stragglers()[0].at, obstacle::forced);
  EXPECT_THAT(problems, IsEmpty());
  time.advance(1s);
  EXPECT_THAT(problems, ElementsAre("web: replace: incarnation 1 was forced to end and is not gone"));
  EXPECT_EQ(kept->stragglers()[0].since, time.now());
  EXPECT_EQ(state("web"), row_state::running) << "the new one is what the row wants";
  put("web", part("newer"));
  look();
  EXPECT_EQ(incarnation(), 2U) << "two are enough";
  lets_go.open();
  time.run_until_idle();
  EXPECT_THAT(kept->stragglers(), IsEmpty());
  EXPECT_EQ(incarnation(), 3U);
  finish();
}

TEST_F(ManagerEdits, ANewOneThatIsNeverReadyAndDoesNotEndEvenForcedIsToldAndIsAStraggler) {
  kind = row_edit::replace;
  how.deadlines = [](const std::string&, const runnable&) { return process_deadlines{.start = 3s, .kill = 1s}; };
  gate lets_go;
  put("web", part("old"));
  run(table_);
  put("web", part("new").ready_when(lets_go));
  look();
  time.advance(3s);
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_THAT(kept->stragglers(), IsEmpty());
  time.advance(1s);
  EXPECT_THAT(problems, ElementsAre("web: replace: incarnation 2 was forced to end and is not gone"));
  ASSERT_EQ(kept->stragglers().size(), 1U);
  EXPECT_EQ(kept->stragglers()[0].incarnation, 2U);
  EXPECT_EQ(kept->stragglers()[0].at, obstacle::forced);
  EXPECT_EQ(kept->stragglers()[0].since, time.now());
  EXPECT_EQ(state("web"), row_state::running) << "the old one goes on";
  put("web", part("newer"));
  look();
  EXPECT_FALSE(log.has("newer start")) << "two are enough";
  lets_go.open();
  time.run_until_idle();
  EXPECT_THAT(kept->stragglers(), IsEmpty());
  EXPECT_TRUE(log.has("newer ready"));
  finish();
}

TEST_F(ManagerEdits, WhatIsLostWhileAReplacementStartsIsWaitedFor) {
  kind = row_edit::replace;
  bool required = false;
  how.requirements = [&required](const std::string& key, const runnable&) {
    return key == "web" && required ? std::vector<requirement<std::string>>{{"database"}} : std::vector<requirement<std::string>>();
  };
  put("database", part("database"));
  put("web", part("old"));
  run(table_);
  required = true;
  put("web", part("new").ready_after(5s));
  look();
  table_.set_wanted("database", wanted::down);
  look();
  EXPECT_EQ(state("database"), row_state::stopped);
  time.advance(5s);
  EXPECT_EQ(state("web"), row_state::waiting);
  EXPECT_TRUE(log.has("old end"));
  EXPECT_TRUE(log.has("new end"));
  table_.set_wanted("database", wanted::up);
  look();
  time.advance(5s);
  EXPECT_EQ(state("web"), row_state::running);
  finish();
}

TEST_F(ManagerEdits, AStopDuringAReplacementEndsBoth) {
  kind = row_edit::replace;
  put("web", part("old").winds_down_in(1s));
  run(table_);
  put("web", part("new").ready_after(1h));
  look();
  table_.erase("web");
  look();
  time.advance(1s);
  EXPECT_FALSE(kept->status("web"));
  EXPECT_TRUE(log.has("old end"));
  EXPECT_TRUE(log.has("new end"));
  finish();
}

}  // namespace
}  // namespace steward::test
