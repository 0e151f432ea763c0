// SPDX-License-Identifier: Apache-2.0
#include "status_json.hpp"

#include "json_text.hpp"

#include <gtest/gtest.h>

namespace steward {
namespace {

using namespace std::chrono_literals;

const wall_time noon = std::chrono::sys_days(std::chrono::January / 31 / 2026) + 12h;

unit_status crashed() {
  return {.key = "web",
          .state = row_state::backoff,
          .pid = std::nullopt,
          .incarnation = 3,
          .restarts = 2,
          .generation = 1,
          .since = noon,
          .exit = unit_exit{.reason = exit_reason::failed,
                            .error = "killed by signal 9 (SIGKILL)",
                            .code = std::nullopt,
                            .signal = SIGKILL,
                            .started_at = noon - 10s,
                            .ready_at = noon - 9s,
                            .ended_at = noon},
          .waiting_for = {},
          .missing = {},
          .next_start_at = noon + 400ms,
          .error = std::nullopt};
}

unit_status waiting() {
  unit_status out;
  out.key = "worker";
  out.state = row_state::waiting;
  out.generation = 7;
  out.since = noon + 1ms;
  out.waiting_for = {"db", "web"};
  out.missing = {"web"};
  out.error = "its row cannot be read";
  return out;
}

TEST(StatusJson, TheWireFormIsPinned) {
  EXPECT_EQ(
      json_line(status_to_json(crashed())),
      R"({"key":"web","state":"backoff","pid":null,"incarnation":3,"restarts":2,"generation":1,"since":"2026-01-31T12:00:00.000Z",)"
      R"json("exit":{"reason":"failed","error":"killed by signal 9 (SIGKILL)","code":null,"signal":"KILL","started_at":"2026-01-31T11:59:50.000Z",)json"
      R"("ready_at":"2026-01-31T11:59:51.000Z","ended_at":"2026-01-31T12:00:00.000Z"},)"
      R"("waiting_for":[],"missing":[],"next_start_at":"2026-01-31T12:00:00.400Z","error":null})");
  EXPECT_EQ(json_line(status_to_json(waiting())),
            R"({"key":"worker","state":"waiting","pid":null,"incarnation":0,"restarts":0,"generation":7,"since":"2026-01-31T12:00:00.001Z",)"
            R"("exit":null,"waiting_for":["db","web"],"missing":["web"],"next_start_at":null,"error":"its row cannot be read"})");
}

TEST(StatusJson, TheNamesOfTheStatesArePinned) {
  std::string all;
  for (int i = 0; i <= static_cast<int>(row_state::abandoned); ++i) {
    const auto state = static_cast<row_state>(i);
    EXPECT_EQ(row_state_from_string(to_string(state)), state);
    all += std::string(to_string(state)) + " ";
  }
  EXPECT_EQ(all, "waiting starting running stopping backoff stopped completed gave_up abandoned ");
  EXPECT_EQ(row_state_from_string("Running"), std::nullopt);
}

TEST(StatusJson, SurvivesTheRoundTrip) {
  EXPECT_EQ(unit_status_from_json(status_to_json(crashed())), crashed());
  EXPECT_EQ(unit_status_from_json(status_to_json(waiting())), waiting());
  daemon_status all{
      .node = "here", .pid = 42, .since = noon, .table_unreadable_since = noon + 1s, .table_error = "locked", .units = {crashed(), waiting()}};
  EXPECT_EQ(daemon_status_from_json(status_to_json(all)), all);
  all.table_unreadable_since.reset();
  all.table_error.reset();
  all.units.clear();
  EXPECT_EQ(daemon_status_from_json(status_to_json(all)), all);
}

TEST(StatusJson, TheDaemonsFormIsPinned) {
  const daemon_status all{.node = "here", .pid = 42, .since = noon, .table_unreadable_since = std::nullopt, .table_error = std::nullopt, .units = {}};
  EXPECT_EQ(json_line(status_to_json(all)),
            R"({"node":"here","pid":42,"since":"2026-01-31T12:00:00.000Z","table":{"unreadable_since":null,"error":null},"units":[]})");
}

TEST(StatusJson, KeysOfANewerDaemonArePassedOver) {
  auto value = status_to_json(waiting());
  value.as_object().emplace("lease", "x");
  EXPECT_EQ(unit_status_from_json(value), waiting());
}

TEST(StatusJson, WhatIsMissingOrWrongIsToldWithItsPath) {
  auto value =
      status_to_json(daemon_status{.node = "here", .pid = 1, .since = noon, .table_unreadable_since = {}, .table_error = {}, .units = {crashed()}});
  auto& unit = value.as_object()["units"].as_array()[0].as_object();
  unit.erase("key");
  unit["state"] = "gone";
  unit["incarnation"] = -1;
  unit["since"] = "yesterday";
  unit["exit"].as_object()["signal"] = "NOSUCH";
  EXPECT_EQ(daemon_status_from_json(value).error().to_tree(),
            "units[0].key: missing\n"
            "units[0].state: \"gone\" is not known here\n"
            "units[0].incarnation: is out of range; it must be an integer from 0\n"
            "units[0].since: \"yesterday\" is not an instant such as \"2026-01-31T12:00:00.123Z\"\n"
            "units[0].exit.signal: \"NOSUCH\" is not the name of a signal\n");
  EXPECT_EQ(daemon_status_from_json(3).error().to_string(), "is an integer; it must be the status of a daemon");
  EXPECT_EQ(unit_status_from_json(nullptr).error().to_string(), "is null; it must be the status of a unit");
}

}  // namespace
}  // namespace steward
