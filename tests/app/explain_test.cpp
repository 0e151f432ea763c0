// SPDX-License-Identifier: Apache-2.0
#include "explain_json.hpp"
#include "explain_text.hpp"
#include "json_text.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace steward {
namespace {

using namespace std::chrono_literals;

const wall_time noon = std::chrono::sys_days(std::chrono::January / 31 / 2026) + 12h;

unit_explanation failed_too_often() {
  unit_explanation out;
  out.key = "web";
  out.state = row_state::gave_up;
  out.why = obstacle::gave_up;
  out.since = noon - 10s;
  out.because_of = "db";
  out.root_cause = "net failed; took down 2: db, web";
  out.exit = unit_exit{.reason = exit_reason::failed,
                       .error = "exited with code 3",
                       .code = 3,
                       .signal = {},
                       .started_at = {},
                       .ready_at = {},
                       .ended_at = noon - 10s};
  return out;
}

unit_explanation waiting() {
  unit_explanation out;
  out.key = "a";
  out.state = row_state::waiting;
  out.why = obstacle::waits_for_others;
  out.since = noon;
  out.until = noon + 1500ms;
  out.waiting_for = {"b", "c"};
  out.missing = {"c"};
  out.cycle = {"a", "b", "a"};
  out.error = "x";
  return out;
}

TEST(Explanation, TheWireFormIsPinned) {
  EXPECT_EQ(
      json_line(explanation_to_json(failed_too_often())),
      R"({"key":"web","state":"gave_up","why":"gave_up","text":"it ended too often (exited with code 3): its restart budget, or that of its group, )"
      R"(is used up; it stays down until it is started or changed","since":"2026-01-31T11:59:50.000Z","until":null,"waiting_for":[],"missing":[],"cycle":[],)"
      R"("because_of":"db","root_cause":"net failed; took down 2: db, web","exit":{"reason":"failed","error":"exited with code 3","code":3,"signal":null,"started_at":null,"ready_at":null,)"
      R"("ended_at":"2026-01-31T11:59:50.000Z"},"error":null})");
}

TEST(Explanation, OneThatGaveUpWithItsGroupIsNotSaidToHaveEndedTooOften) {
  unit_explanation with_its_group = failed_too_often();
  with_its_group.exit->reason = exit_reason::stopped;
  EXPECT_EQ(why_text(with_its_group),
            "it went down with db, and the restart budget of its group is used up; it stays down until it is started or changed");
  with_its_group.because_of.reset();  // as after a restart of the daemon
  for (const auto reason : {exit_reason::stopped, exit_reason::forced}) {
    with_its_group.exit->reason = reason;
    EXPECT_EQ(why_text(with_its_group), "it went down with its group, whose restart budget is used up; it stays down until it is started or changed");
  }
}

TEST(Explanation, SurvivesTheRoundTrip) {
  EXPECT_EQ(explanation_from_json(explanation_to_json(failed_too_often())), failed_too_often());
  EXPECT_EQ(explanation_from_json(explanation_to_json(waiting())), waiting());
}

TEST(Explanation, WhatIsMissingIsTold) {
  EXPECT_EQ(explanation_from_json(boost::json::object{{"key", "a"}, {"why", "bad luck"}}).error().to_tree(),
            "state: missing\nwhy: \"bad luck\" is not known here\nsince: missing\n");
  EXPECT_EQ(explanation_from_json(3).error().to_string(), "is an integer; it must be an explanation");
}

TEST(Explanation, EveryObstacleHasASentenceOfItsOwn) {
  std::set<std::string> sentences;
  for (int i = 0; i <= static_cast<int>(obstacle::forced); ++i) {
    unit_explanation what;
    what.why = static_cast<obstacle>(i);
    EXPECT_FALSE(why_text(what).empty()) << i;
    sentences.insert(why_text(what));
  }
  EXPECT_EQ(sentences.size(), static_cast<std::size_t>(obstacle::forced) + 1);
}

TEST(Explanation, NamesWhoIsWaitedFor) {
  unit_explanation what = waiting();
  EXPECT_EQ(why_text(what), "it waits in a circle, which never ends: a -> b -> a");
  what.cycle.clear();
  EXPECT_EQ(why_text(what), "it waits for b, c, which do not run; there is no unit c");
  what.why = obstacle::waits_for_group;
  EXPECT_EQ(why_text(what), "it is started again together with its group, when b, c, which stop, are gone");
  what.why = obstacle::requirement_lost;
  what.because_of = "db";
  EXPECT_EQ(why_text(what), "db, which it requires, went down, and it stays down until it is started or changed");
}

TEST(Explanation, IsShownAsASheet) {
  EXPECT_EQ(explanation_sheet(waiting(), noon),
            "unit         a\n"
            "state        waiting\n"
            "why          it waits in a circle, which never ends: a -> b -> a\n"
            "since        2026-01-31T12:00:00.000Z (0s ago)\n"
            "until        2026-01-31T12:00:01.500Z (in 2s, at the latest)\n"
            "waits for    b, c\n"
            "circle       a -> b -> a\n"
            "error        x\n");
  EXPECT_TRUE(
      explanation_sheet(failed_too_often(), noon)
          .ends_with(
              "because of   db\nroot cause   net failed; took down 2: db, web\nlast exit    exited with code 3\n  error      exited with code 3\n"
              "  ended      2026-01-31T11:59:50.000Z (10s ago)\n"));
}

TEST(Stragglers, AreShownAsATableAndSurviveTheRoundTrip) {
  const std::vector<unit_straggler> all{{.key = "web", .pid = 4711, .incarnation = 2, .since = noon - 90s, .at = obstacle::forced},
                                        {.key = "db", .pid = {}, .incarnation = 1, .since = noon - 3s, .at = obstacle::waits_for_dependents}};
  EXPECT_EQ(straggler_table(all, noon),
            "UNIT   PID    FOR  POINT\n"
            "web   4711  1m30s  was killed\n"
            "db       -     3s  is to stop when those that need it are gone\n");
  EXPECT_EQ(straggler_table({}, noon), "nothing is left over\n");
  EXPECT_EQ(stragglers_from_json(stragglers_to_json(all)), all);
  EXPECT_EQ(json_line(stragglers_to_json({all[0]})),
            R"({"stragglers":[{"key":"web","pid":4711,"incarnation":2,"since":"2026-01-31T11:58:30.000Z","at":"forced"}]})");
  EXPECT_EQ(stragglers_from_json(boost::json::object{}).error().to_string(), "stragglers: must be an array");
}

TEST(Plan, IsShownInOrderWithWhy) {
  plan_answer plan;
  EXPECT_EQ(plan_text(plan), "nothing would change\n");
  plan.units.unchanged = {"z"};
  EXPECT_EQ(plan_text(plan), "nothing would change\n");
  plan.units.changed = {"db", "off"};
  EXPECT_EQ(plan_text(plan), "would change: db, off\nnothing would be started or stopped\n");
  plan.units.added = {"api"};
  plan.steps = {{.key = "db", .action = plan_action::restart, .because_of = {}, .waiting_for = {}},
                {.key = "web", .action = plan_action::restart, .because_of = "db", .waiting_for = {}},
                {.key = "api", .action = plan_action::wait, .because_of = {}, .waiting_for = {"off"}}};
  EXPECT_EQ(plan_text(plan),
            "would add: api\n"
            "would change: db, off\n"
            "1. restart  db\n"
            "2. restart  web, which requires db\n"
            "3. wait     api, which waits for off\n");
}

}  // namespace
}  // namespace steward
