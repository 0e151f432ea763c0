// SPDX-License-Identifier: Apache-2.0
#include "unit_supervision.hpp"

#include "unit_json.hpp"
#include "unit_program.hpp"
#include "unit_toml.hpp"

#include <gtest/gtest.h>

#include <string>

namespace steward {
namespace {

using namespace std::chrono_literals;

result<unit_map> read(std::string_view text) { return parse_units(text, {.file = "u.toml", .folder = "/"}); }

/// Everything that is wrong with a file, one line each.
std::string mistakes(std::string_view text) {
  const auto units = read(text);
  return units ? "accepted\n" : units.error().to_tree();
}

/// What is wrong with one line of a unit `u`.
std::string mistake_in(const std::string& line) { return mistakes("[unit.u]\ncommand = [\"a\"]\n" + line + "\n"); }

TEST(UnitSupervision, EveryKeyIsRead) {
  const auto units = read(R"(
[group.site]
strategy = "rest_for_one"
backoff = { max = "5m" }
budget = { restarts = 3 }

[unit.web]
command = ["web"]
budget = { restarts = 5, window = "1h", then = "give_up" }
kill_deadline = "3s"
requires = ["db", { unit = "cache", on_loss = "stop" }, { unit = "log" }]
group = { name = "site", place = 2 }
)");
  ASSERT_TRUE(units) << units.error().to_tree();
  const unit& web = units->at("web");
  EXPECT_EQ(web.restart.budget, (restart_budget{.restarts = 5, .window = 1h, .then = exhausted::give_up}));
  EXPECT_EQ(web.kill_deadline, 3s);
  EXPECT_EQ(web.requirements, (std::vector<requirement<std::string>>{{"db", on_loss::restart}, {"cache", on_loss::stop}, {"log", on_loss::restart}}));
  ASSERT_TRUE(web.group);
  EXPECT_EQ(web.group->name, "site");
  EXPECT_EQ(web.group->place, 2U);
  EXPECT_EQ(web.group->policy.strategy, group_strategy::rest_for_one);
  EXPECT_EQ(web.group->policy.restart.delays.max, 5min);
  EXPECT_EQ(web.group->policy.restart.budget, (restart_budget{.restarts = 3, .window = 10min, .then = exhausted::slow_retry}));
}

TEST(UnitSupervision, TheDeadlinesOfAUnitAreThoseOfItsProcess) {
  unit what;
  what.start_deadline = 1s;
  what.stop.deadline = 2s;
  what.kill_deadline = 3s;
  EXPECT_EQ(deadlines_of(what), (process_deadlines{.start = 1s, .stop = 2s, .kill = 3s}));
}

TEST(UnitSupervision, TheStoredFormIsPinnedBehindThatOfOlderRows) {
  unit what;
  what.program.command = {"a"};
  const std::string plain = unit_to_row(what);
  what.restart.budget = restart_budget{.restarts = 5, .window = 1h, .then = exhausted::give_up};
  what.kill_deadline = 3s;
  what.requirements = {{"db", on_loss::stop}};
  what.group = unit_group{.name = "g", .place = 1, .policy = {.strategy = group_strategy::one_for_all, .restart = {}}};
  EXPECT_EQ(unit_to_row(what),
            plain.substr(0, plain.size() - 1) +
                R"(,"budget":{"restarts":5,"window":"1h","then":"give_up"},"kill_deadline":"3s","requires":[{"unit":"db","on_loss":"stop"}],)"
                R"("group":{"name":"g","place":1,"strategy":"one_for_all",)"
                R"("backoff":{"initial":"200ms","max":"1m","factor":2,"jitter":0.2,"reset_after":"30s"},"budget":null}})");
}

TEST(UnitSupervision, AWrongBudgetIsToldWithWhatIsRight) {
  EXPECT_EQ(mistake_in("budget = 3"),
            "u.toml:3:1: unit.u.budget: is an integer; it must be a table, such as { restarts = 10, window = \"10m\", then = \"give_up\" }\n");
  EXPECT_EQ(mistake_in("budget = { restarts = -1 }"),
            "u.toml:3:12: unit.u.budget.restarts: is out of range; it must be an integer from 0 to 10000\n");
  EXPECT_EQ(mistake_in("budget = { restarts = 10001 }"),
            "u.toml:3:12: unit.u.budget.restarts: is out of range; it must be an integer from 0 to 10000\n");
  EXPECT_EQ(mistake_in("budget = { restarts = 1.5 }"),
            "u.toml:3:12: unit.u.budget.restarts: is not a whole number; it must be an integer from 0 to 10000\n");
  EXPECT_EQ(mistake_in("budget = { window = \"0s\" }"), "u.toml:3:12: unit.u.budget.window: must be longer than zero\n");
  EXPECT_EQ(mistake_in("budget = { then = \"stop\" }"), "u.toml:3:12: unit.u.budget.then: is \"stop\"; it must be one of: slow_retry, give_up\n");
  EXPECT_EQ(mistake_in("budget = { restart = 3 }"), "u.toml:3:12: unit.u.budget.restart: unknown key; did you mean \"restarts\"?\n");
}

TEST(UnitSupervision, AWrongKillDeadlineIsToldWithWhatIsRight) {
  EXPECT_EQ(mistake_in("kill_deadline = \"0s\""), "u.toml:3:1: unit.u.kill_deadline: must be longer than zero\n");
}

TEST(UnitSupervision, AWrongRequirementIsToldWithWhatIsRight) {
  EXPECT_EQ(
      mistake_in("requires = \"db\""),
      "u.toml:3:1: unit.u.requires: is a string; it must be an array of unit names, or of tables such as { unit = \"db\", on_loss = \"restart\" }\n");
  EXPECT_EQ(mistake_in("requires = [1]"),
            "u.toml:3:13: unit.u.requires[0]: is an integer; it must be the name of a unit, or { unit = \"NAME\", on_loss = \"restart\" }\n");
  EXPECT_EQ(mistake_in("requires = [\"a\", \"../b\"]"),
            "u.toml:3:18: unit.u.requires[1]: is \"../b\"; a unit name is 1 to 64 of A-Z a-z 0-9 . _ @ - and does not begin with . or -\n");
  EXPECT_EQ(mistake_in("requires = [{ on_loss = \"stop\" }]"), "u.toml:3:13: unit.u.requires[0].unit: missing; it must be the name of a unit\n");
  EXPECT_EQ(mistake_in("requires = [{ unit = \"a\", on_loss = \"die\" }]"),
            "u.toml:3:27: unit.u.requires[0].on_loss: is \"die\"; it must be one of: ignore, restart, stop\n");
  EXPECT_EQ(mistake_in("requires = [\"a\", { unit = \"a\" }]"), "u.toml:3:18: unit.u.requires[1]: names \"a\" twice\n");
}

TEST(UnitSupervision, AWrongGroupIsToldWithWhatIsRight) {
  EXPECT_EQ(mistake_in("group = \"site\""), "u.toml:3:1: unit.u.group: is a string; it must be a table, such as { name = \"site\", place = 1 }\n");
  EXPECT_EQ(mistake_in("group = { place = 1 }"), "u.toml:3:1: unit.u.group.name: missing; it must be the name of a group\n");
  EXPECT_EQ(mistake_in("group = { name = \"site\" }"),
            "u.toml:3:11: unit.u.group.name: there is no group \"site\"; write a [group.site] into this file\n");
  EXPECT_EQ(mistake_in("group = { name = \"stie\" }\n[group.site]").substr(0, 88),
            "u.toml:3:11: unit.u.group.name: there is no group \"stie\"; did you mean \"site\"?\nu.toml:4:");
  EXPECT_EQ(mistakes("[group.site]\n[unit.u]\ncommand = [\"a\"]\ngroup = { name = \"site\", strategy = \"one_for_all\" }\n").substr(0, 84),
            "u.toml:4:26: unit.u.group.strategy: belongs to the whole group; write it into its [g");
  EXPECT_EQ(mistakes("[group.site]\nstrategy = \"all\"\n[unit.u]\ncommand = [\"a\"]\ngroup = { name = \"site\" }\n"),
            "u.toml:2:1: group.site.strategy: is \"all\"; it must be one of: one_for_one, one_for_all, rest_for_one\n");
  EXPECT_EQ(mistakes("[group.site]\n"),
            "u.toml:1:8: group.site: no unit of this file is in it; write group = { name = \"site\" } into those that are\n");
  EXPECT_EQ(mistakes("group = 3\n"), "u.toml:1:1: group: is an integer; it must be a table of groups\n");
}

}  // namespace
}  // namespace steward
