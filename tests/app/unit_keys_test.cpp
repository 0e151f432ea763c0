// SPDX-License-Identifier: Apache-2.0
#include "unit_keys.hpp"

#include "unit_program.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <set>
#include <string>

namespace steward {
namespace {

using namespace std::chrono_literals;

/// Something else, for each key.
const std::map<std::string_view, std::function<void(unit&)>>& changes() {
  static const std::map<std::string_view, std::function<void(unit&)>> all{
      {"command", [](unit& of) { of.program.command.emplace_back("-v"); }},
      {"directory", [](unit& of) { of.program.directory = "/srv"; }},
      {"environment", [](unit& of) { of.program.environment["A"] = "1"; }},
      {"ready", [](unit& of) { of.ready = ready_after(1s); }},
      {"restart", [](unit& of) { of.restart.when = restart::never; }},
      {"backoff", [](unit& of) { of.restart.delays.initial = 3s; }},
      {"budget", [](unit& of) { of.restart.budget = restart_budget(); }},
      {"stop", [](unit& of) { of.stop.signal = SIGINT; }},
      {"start_deadline", [](unit& of) { of.start_deadline = 7s; }},
      {"kill_deadline", [](unit& of) { of.kill_deadline = 7s; }},
      {"after", [](unit& of) { of.after = {"db"}; }},
      {"requires", [](unit& of) { of.requirements = {{"db"}}; }},
      {"group", [](unit& of) { of.group = unit_group{.name = "site", .place = 1, .policy = {}}; }},
  };
  return all;
}

unit some() {
  unit made;
  made.program.command = {"/bin/web"};
  return made;
}

TEST(UnitKeys, EachAsksForWhatTheTableSays) {
  for (const unit_key& each : unit_keys) {
    ASSERT_TRUE(changes().contains(each.name)) << each.name;
    unit changed = some();
    changes().at(each.name)(changed);
    ASSERT_NE(changed, some()) << each.name;
    EXPECT_EQ(edit_of(some(), changed), each.edit) << each.name;
    EXPECT_EQ(edit_of(changed, some()), each.edit) << each.name;
    EXPECT_EQ(same_definition(note_of(some(), 1), note_of(changed, 9)), each.edit == row_edit::keep) << each.name;
  }
  EXPECT_EQ(changes().size(), unit_keys.size());
}

// docs/units.md, section "What a change restarts", says the same.
TEST(UnitKeys, OnlyWhatAProgramWasStartedWithStartsAnother) {
  const std::set<std::string_view> started_with{"command", "directory", "environment", "ready"};
  for (const unit_key& each : unit_keys) EXPECT_EQ(each.edit, started_with.contains(each.name) ? row_edit::restart : row_edit::keep) << each.name;
}

TEST(UnitKeys, AnEditOfBothKindsStartsAnother) {
  unit changed = some();
  changes().at("stop")(changed);
  changes().at("command")(changed);
  EXPECT_EQ(edit_of(some(), changed), row_edit::restart);
  EXPECT_EQ(edit_of(some(), some()), row_edit::keep);
}

// A keeper holds one for each program, and gives it to daemons older and newer than the one that made it.
TEST(UnitKeys, ANoteTellsTheDefinitionAndTheStopAndNoPolicy) {
  unit noted = some();
  noted.stop = {.signal = SIGQUIT, .deadline = 3s};
  const std::string note = note_of(noted, 7);
  EXPECT_EQ(note, R"({"incarnation":7,"unit":{"command":["/bin/web"],"directory":null,"environment":{},)"
                  R"("stop":{"signal":"QUIT","deadline":"3s"},"ready":null}})");
  EXPECT_EQ(incarnation_of(note), 7U);
  EXPECT_EQ(farewell_in(note).signal, SIGQUIT);
  EXPECT_EQ(farewell_in(note).deadline, 3s);
  EXPECT_EQ(longest_end_in(note), 13s) << "with the kill deadline that every unit has";
}

TEST(UnitKeys, ANoteTellsWhenItsProgramMustBeGone) {
  unit what = some();
  what.stop.deadline = 3s;
  what.kill_deadline = 2s;
  EXPECT_EQ(longest_end_in(note_of(what, 1)), 5s);
  what.stop.deadline = 0s;
  EXPECT_GT(longest_end_in(note_of(what, 1)), 24h) << "zero is none";
  EXPECT_TRUE(same_definition(note_of(what, 1), note_of(some(), 2))) << "how it ends is policy";
}

TEST(UnitKeys, WhatIsNoNoteIsNoDefinition) {
  for (const char* none : {"", "{}", "[]", R"({"incarnation":1,"unit":3})"}) {
    EXPECT_FALSE(same_definition(none, note_of(some(), 1))) << none;
    EXPECT_FALSE(same_definition(none, none)) << none;
  }
}

}  // namespace
}  // namespace steward
