// SPDX-License-Identifier: Apache-2.0
#include "unit_rules.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace steward {
namespace {

using names = std::vector<std::string>;

unit unit_after(names after) {
  unit out;
  out.program.command = {"/bin/true"};
  out.after = std::move(after);
  return out;
}

std::string after_problems(const unit_map& applied, const known_units& known = {}, bool complete = true) {
  problems found;
  check_needs(applied, known, complete, "unit", found);
  return found.empty() ? "" : found.to_error().to_tree();
}

TEST(After, UnitsOfTheFileAndOfTheTableMayBeNamed) {
  EXPECT_EQ(after_problems({{"a", unit_after({"b", "c"})}, {"b", unit_after({})}}, {{"c", {}}}), "");
}

TEST(After, AnUnknownUnitIsRefusedWithTheNearestName) {
  EXPECT_EQ(after_problems({{"worker", unit_after({"wbe"})}, {"web", unit_after({})}}),
            "unit.worker.after[0]: there is no unit \"wbe\"; did you mean \"web\"?\n");
  EXPECT_EQ(after_problems({{"a", unit_after({"database"})}}),
            "unit.a.after[0]: there is no unit \"database\"; apply it first, or in the same file\n");
}

TEST(After, AnUnknownUnitIsLetThroughWhileTheTableCannotBeAsked) {
  EXPECT_EQ(after_problems({{"a", unit_after({"x"})}}, {}, false), "");
  EXPECT_NE(after_problems({{"a", unit_after({"a"})}}, {}, false), "");
}

TEST(After, ItselfIsRefused) {
  EXPECT_EQ(after_problems({{"a", unit_after({"a"})}}), "unit.a.after[0]: a unit cannot come after itself; take it out\n");
}

TEST(After, ACircleIsRefusedWithItsPath) {
  EXPECT_EQ(after_problems({{"a", unit_after({"b"})}, {"b", unit_after({"c"})}, {"c", unit_after({"a"})}}),
            "unit.a.after[0]: goes round in a circle: a -> b -> c -> a; take one of these out\n");
}

TEST(After, ACircleBesideAStraightPartIsToldWithoutIt) {
  EXPECT_EQ(after_problems({{"a", unit_after({"x", "b"})}, {"b", unit_after({"c"})}, {"c", unit_after({"b"})}, {"x", unit_after({})}}),
            "unit.b.after[0]: goes round in a circle: b -> c -> b; take one of these out\n");
}

TEST(After, ACircleThroughUnitsOfTheTableIsRefused) {
  EXPECT_EQ(after_problems({{"web", unit_after({"db"})}}, {{"db", {"vault"}}, {"vault", {"web"}}}),
            "unit.web.after[0]: goes round in a circle: web -> db -> vault -> web; take one of these out\n");
}

TEST(After, AnAppliedUnitTakesThePlaceOfTheKnownOne) {
  EXPECT_EQ(after_problems({{"web", unit_after({"db"})}, {"db", unit_after({})}}, {{"db", {"web"}}, {"web", {}}}), "");
}

TEST(After, TwoCirclesAreBothTold) {
  EXPECT_EQ(after_problems({{"a", unit_after({"b"})}, {"b", unit_after({"a"})}, {"c", unit_after({"d"})}, {"d", unit_after({"c"})}}),
            "unit.a.after[0]: goes round in a circle: a -> b -> a; take one of these out\n"
            "unit.c.after[0]: goes round in a circle: c -> d -> c; take one of these out\n");
}

TEST(After, DiamondsAreNoCircles) {
  EXPECT_EQ(after_problems({{"a", unit_after({"b", "c"})}, {"b", unit_after({"d"})}, {"c", unit_after({"d"})}, {"d", unit_after({})}}), "");
}

TEST(After, AChainOfAHundredThousandIsWalked) {
  unit_map applied;
  for (int i = 0; i < 100000; ++i) applied.emplace("u" + std::to_string(i), unit_after({"u" + std::to_string(i + 1)}));
  applied.emplace("u100000", unit_after({}));
  EXPECT_EQ(after_problems(applied), "");
  applied.at("u100000").after = {"u0"};
  EXPECT_NE(after_problems(applied), "");
}

unit unit_requiring(names others, names after = {}) {
  unit out = unit_after(std::move(after));
  for (std::string& each : others) out.requirements.push_back({std::move(each), on_loss::restart});
  return out;
}

TEST(Requires, IsHeldToTheSameRulesAsAfter) {
  EXPECT_EQ(after_problems({{"a", unit_requiring({"b", "c"})}, {"b", unit_after({})}}, {{"c", {}}}), "");
  EXPECT_EQ(after_problems({{"web", unit_requiring({"bd"}, {"db"})}, {"db", unit_after({})}}),
            "unit.web.requires[0]: there is no unit \"bd\"; did you mean \"db\"?\n");
  EXPECT_EQ(after_problems({{"a", unit_requiring({"a"})}}), "unit.a.requires[0]: a unit cannot require itself; take it out\n");
}

TEST(Requires, ACircleTogetherWithAfterIsRefusedWithItsPath) {
  EXPECT_EQ(after_problems({{"a", unit_requiring({"b"}, {"x"})}, {"b", unit_after({"c"})}, {"c", unit_requiring({"a"})}, {"x", unit_after({})}}),
            "unit.a.requires[0]: goes round in a circle: a -> b -> c -> a; take one of these out\n");
  EXPECT_EQ(after_problems({{"web", unit_requiring({"db"})}}, {{"db", {"web"}}}),
            "unit.web.requires[0]: goes round in a circle: web -> db -> web; take one of these out\n");
}

unit member(std::string group, group_policy policy = {}) {
  unit out = unit_after({});
  out.group = unit_group{.name = std::move(group), .place = 0, .policy = std::move(policy)};
  return out;
}

std::string group_problems(const unit_map& applied, const known_groups& known = {}) {
  problems found;
  check_groups(applied, known, "units", found);
  return found.empty() ? "" : found.to_error().to_tree();
}

TEST(Groups, MembersMustAgreeOnThePolicy) {
  const group_policy all{.strategy = group_strategy::one_for_all, .restart = {}};
  group_policy limited = all;
  limited.restart.budget.emplace();
  EXPECT_EQ(group_problems({{"a", member("g", all)}, {"b", member("g", all)}, {"c", member("h", limited)}, {"d", unit_after({})}}), "");
  EXPECT_EQ(group_problems({{"a", member("g", all)}, {"b", member("g")}}),
            "units.b.group: \"g\" has another strategy in unit \"a\"; apply all units of a group together, with one policy\n");
  EXPECT_EQ(group_problems({{"a", member("g", all)}}, {{"z", *member("g", limited).group}}),
            "units.a.group: \"g\" has another budget in unit \"z\"; apply all units of a group together, with one policy\n");
}

TEST(Groups, AnAppliedUnitTakesThePlaceOfTheKnownOne) {
  const group_policy all{.strategy = group_strategy::one_for_all, .restart = {}};
  EXPECT_EQ(group_problems({{"a", member("g", all)}, {"b", member("g", all)}}, {{"a", *member("g").group}, {"b", *member("g").group}}), "");
}

std::string size_problem(const program_spec& program) {
  unit_map applied{{"u", unit_after({})}};
  applied.at("u").program = program;
  problems found;
  check_sizes(applied, "unit", found);
  return found.empty() ? "" : found.to_error().to_tree();
}

TEST(Size, OfCommandDirectoryAndEnvironmentTogetherHasALimit) {
  const std::string refused =
      "unit.u: has 1048577 bytes of command, directory and environment; it must be at most 1048576; put what is large into a file that the program "
      "reads\n";
  const std::vector<std::string> command(16, std::string((largest_program / 16) - 1, 'x'));
  EXPECT_EQ(size_problem({.command = command, .directory = {}, .environment = {}}), "");
  EXPECT_EQ(size_problem({.command = command, .directory = "/", .environment = {}}), refused);
  program_spec full{.command = command, .directory = {}, .environment = {}};
  full.command.back().pop_back();
  full.command.back().pop_back();
  full.command.back().pop_back();
  full.environment["A"] = "";
  EXPECT_EQ(size_problem(full), "");
  full.environment["A"] = "x";
  EXPECT_EQ(size_problem(full), refused);
}

TEST(Size, OfOneArgumentOrVariableHasALimit) {
  const std::string longest(largest_argument - 1, 'x');
  const std::string told =
      " has 131072 bytes; a program can be given at most 131071 in one argument or variable; put what is large into a file that the program reads\n";
  EXPECT_EQ(size_problem({.command = {"x", longest}, .directory = {}, .environment = {{"A", longest.substr(2)}}}), "");
  EXPECT_EQ(size_problem({.command = {"x", longest + "x"}, .directory = {}, .environment = {}}), "unit.u.command[1]:" + told);
  EXPECT_EQ(size_problem({.command = {"x"}, .directory = {}, .environment = {{"A", longest.substr(1)}}}), "unit.u.environment.A:" + told);
}

/// A disk with one file of each kind.
executable_state disk(const std::string& path) {
  if (path == "/bin/run" || path == "/opt/x/run") return executable_state::executable;
  if (path == "/etc/file" || path == "/usr/bin/file") return executable_state::not_executable;
  return path == "/etc" ? executable_state::folder : executable_state::missing;
}

std::string program_problem(const std::string& program, const std::map<std::string, std::string>& environment = {}) {
  unit_map applied{{"u", unit_after({})}};
  applied.at("u").program.command = {program};
  applied.at("u").program.environment = environment;
  problems found;
  check_executables(applied, {.look = disk, .search_path = "/usr/bin:/bin"}, "unit", found);
  return found.empty() ? "" : found.to_error().to_tree();
}

TEST(Executable, IsFoundByItsPathOrInPath) {
  EXPECT_EQ(program_problem("/bin/run"), "");
  EXPECT_EQ(program_problem("run"), "");
}

TEST(Executable, AMissingOneIsRefused) {
  EXPECT_EQ(program_problem("/bin/rnu"), "unit.u.command[0]: \"/bin/rnu\" does not exist\n");
  EXPECT_EQ(program_problem("rnu"), "unit.u.command[0]: \"rnu\" is in no folder of PATH (/usr/bin:/bin); write its full path\n");
}

TEST(Executable, WhatCannotBeExecutedIsRefused) {
  EXPECT_EQ(program_problem("/etc/file"), "unit.u.command[0]: \"/etc/file\" is not executable; chmod +x would make it so\n");
  EXPECT_EQ(program_problem("file"), "unit.u.command[0]: \"/usr/bin/file\" is not executable; chmod +x would make it so\n");
  EXPECT_EQ(program_problem("/etc"), "unit.u.command[0]: \"/etc\" is a folder; it must be an executable file\n");
}

TEST(Executable, ItsDirectoryMustBeThere) {
  const auto problem = [](const std::string& directory) {
    unit_map applied{{"u", unit_after({})}};
    applied.at("u").program = {.command = {"run"}, .directory = directory, .environment = {}};
    problems found;
    check_executables(applied, {.look = disk, .search_path = "/bin"}, "unit", found);
    return found.empty() ? "" : found.to_error().to_tree();
  };
  EXPECT_EQ(problem(""), "");
  EXPECT_EQ(problem("/etc"), "");
  EXPECT_EQ(problem("/nowhere"), "unit.u.directory: \"/nowhere\" is no folder; it must be one that exists\n");
  EXPECT_EQ(problem("/etc/file"), "unit.u.directory: \"/etc/file\" is no folder; it must be one that exists\n");
}

TEST(Executable, AUnitsOwnPathIsTheOneThatCounts) {
  EXPECT_EQ(program_problem("run", {{"PATH", "/opt/x"}}), "");
  EXPECT_EQ(program_problem("run", {{"PATH", "/opt/y"}}), "unit.u.command[0]: \"run\" is in no folder of PATH (/opt/y); write its full path\n");
  EXPECT_EQ(program_problem("run", {{"PATH", ""}}), "unit.u.command[0]: \"run\" is in no folder of PATH (); write its full path\n");
}

TEST(Executable, TheRealDiskIsSeenAsItIs) {
  EXPECT_EQ(look_on_disk("/bin/sh"), executable_state::executable);
  EXPECT_EQ(look_on_disk("/bin"), executable_state::folder);
  EXPECT_EQ(look_on_disk("/nowhere/at/all"), executable_state::missing);
  EXPECT_EQ(look_on_disk("/etc/passwd"), executable_state::not_executable);
}

}  // namespace
}  // namespace steward
