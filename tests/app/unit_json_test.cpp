// SPDX-License-Identifier: Apache-2.0
#include "unit_json.hpp"

#include "json_text.hpp"
#include "random_unit.hpp"

#include <gtest/gtest.h>

#include <string>

namespace steward {
namespace {

using namespace std::chrono_literals;

unit simple() {
  unit out;
  out.program.command = {"/bin/sleep", "10"};
  return out;
}

std::string mistakes(std::string_view row) {
  const auto read = unit_from_row(row);
  return read ? "accepted\n" : read.error().to_tree();
}

TEST(UnitJson, TheStoredFormIsPinned) {
  EXPECT_EQ(unit_to_row(simple()), R"({"command":["/bin/sleep","10"],"directory":null,"environment":{},"restart":"always",)"
                                   R"("backoff":{"initial":"200ms","max":"1m","factor":2,"jitter":0.2,"reset_after":"30s"},)"
                                   R"("stop":{"signal":"TERM","deadline":"10s"},"start_deadline":"1m","after":[],"ready":null})");
  unit other = simple();
  other.program.directory = "/srv";
  other.program.environment = {{"B", "2"}, {"A", "1"}};
  other.restart.when = restart::on_failure;
  other.stop = {.signal = SIGQUIT, .deadline = 1500ms};
  other.after = {"db"};
  other.ready = ready_by_http{.host = "::1", .port = 80, .target = "/"};
  EXPECT_EQ(unit_to_row(other),
            R"({"command":["/bin/sleep","10"],"directory":"/srv","environment":{"A":"1","B":"2"},"restart":"on_failure",)"
            R"("backoff":{"initial":"200ms","max":"1m","factor":2,"jitter":0.2,"reset_after":"30s"},)"
            R"("stop":{"signal":"QUIT","deadline":"1.5s"},"start_deadline":"1m","after":["db"],"ready":{"http":"http://[::1]:80/"}})");
}

TEST(UnitJson, EveryUnitSurvivesTheRoundTrip) {
  testing::unit_maker maker(20260131);
  for (int i = 0; i < 3000; ++i) {
    const unit made = maker.make();
    const std::string row = unit_to_row(made);
    const auto read = unit_from_row(row);
    ASSERT_TRUE(read) << row << '\n' << read.error().to_tree();
    ASSERT_EQ(*read, made) << row;
    ASSERT_EQ(unit_to_row(*read), row);
  }
}

TEST(UnitJson, WhatIsLeftOutHasItsDefault) { EXPECT_EQ(unit_from_row(R"({"command":["/bin/sleep","10"]})"), simple()); }

TEST(UnitJson, MistakesAreToldInTheWordsOfTheFile) {
  EXPECT_EQ(mistakes("{}"), "command: missing; it must be an array of strings, the program and its arguments, such as [\"/bin/sleep\", \"10\"]\n");
  EXPECT_EQ(mistakes(R"({"comand":["a"],"command":["a"]})"), "comand: unknown key; did you mean \"command\"?\n");
  EXPECT_EQ(mistakes(R"({"command":["a"],"stop":{"deadline":10}})"),
            "stop.deadline: is an integer; a duration is a string with a unit, such as \"10s\"\n");
  EXPECT_EQ(mistakes(R"({"command":["a"],"environment":{"A":null}})"), "environment.A: is null; it must be a string\n");
  EXPECT_EQ(mistakes(R"({"command":["a\u0000"]})"), "command[0]: has a NUL byte, which no program can be given\n");
  EXPECT_EQ(mistakes("3"), "is an integer; it must be a table with at least a command\n");
  EXPECT_EQ(mistakes("{"), "not JSON: incomplete JSON at byte 1\n");
}

TEST(UnitJson, RelativePathsAreRefusedBecauseThereIsNoFile) {
  EXPECT_EQ(mistakes(R"({"command":["./run"]})"), "command: \"./run\" is a relative path; it must be absolute here\n");
  EXPECT_EQ(mistakes(R"({"command":["a"],"directory":"data"})"), "directory: \"data\" is a relative path; it must be absolute here\n");
}

TEST(UnitsBody, SurvivesTheRoundTrip) {
  testing::unit_maker maker(5);
  unit_map units;
  for (int i = 0; i < 50; ++i) units.insert_or_assign(maker.name(), maker.make());
  EXPECT_EQ(units_from_body(units_to_body(units)), units);
  EXPECT_EQ(units_from_body(R"({"units":{}})"), unit_map());
}

TEST(UnitsBody, IsAllOrNothing) {
  const auto mistaken = [](std::string_view text) { return units_from_body(text).error().to_tree(); };
  EXPECT_EQ(mistaken(R"({"units":{"good":{"command":["a"]},"bad":{}}})"),
            "units.bad.command: missing; it must be an array of strings, the program and its arguments, such as [\"/bin/sleep\", \"10\"]\n");
  EXPECT_EQ(mistaken(R"({"units":{"../x":{"command":["a"]}}})"),
            "units.\"../x\": not a name: a unit name is 1 to 64 of A-Z a-z 0-9 . _ @ - and does not begin with . or -\n");
  EXPECT_EQ(mistaken(R"({"units":{"a":{"command":["a"]},"a":{"command":["b"]}}})"), "not JSON: key \"a\" appears twice in one object, at byte 34\n");
  EXPECT_EQ(mistaken(R"({"unit":{}})"),
            "unit: unknown key; did you mean \"units\"?\nthe body must be an object with units: {\"units\": {\"NAME\": {\"command\": [...]}}}\n");
  EXPECT_EQ(mistaken("[]"), "the body must be an object with units: {\"units\": {\"NAME\": {\"command\": [...]}}}\n");
  EXPECT_EQ(mistaken(R"({"units":[]})"), "units: is an array; it must be a table of units\n");
}

}  // namespace
}  // namespace steward
