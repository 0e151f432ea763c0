// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "fake_daemon.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace steward {
namespace {

using namespace std::chrono_literals;
using testing::fake_daemon;
using testing::http_answer;
using testing::temporary_folder;

const wall_time noon = std::chrono::sys_days(std::chrono::January / 31 / 2026) + 12h;
constexpr std::string_view version_body = R"({"version":"0.1.0","api":1,"pid":7,"search_path":"/bin"})";
constexpr std::string_view web_body =
    R"({"key":"web","state":"running","pid":7,"incarnation":1,"restarts":0,"generation":1,"since":"2026-01-31T11:59:00.000Z","exit":null,)"
    R"("waiting_for":[],"next_start_at":null,"error":null})";

std::string status_body(std::string_view units, std::string_view table = R"({"unreadable_since":null,"error":null})") {
  return R"({"node":"n","pid":1,"since":"2026-01-31T11:00:00.000Z","table":)" + std::string(table) + R"(,"units":[)" + std::string(units) + "]}";
}

/// What a command did.
struct outcome {
  int exit_code = -1;
  std::string out;
  std::string err;
};

outcome do_it(const invocation& what) {
  std::ostringstream out;
  std::ostringstream err;
  const command_surroundings around{.out = out,
                                    .err = err,
                                    .style = {},
                                    .now = [] { return noon; },
                                    .run =
                                        [&](const run_options& options) {
                                          out << "ran " << options.database << '\n';
                                          return 3;
                                        }};
  const int exit_code = carry_out(what, around);
  return {.exit_code = exit_code, .out = out.str(), .err = err.str()};
}

/// A units file in a folder of its own.
class units_on_disk {
 public:
  explicit units_on_disk(std::string_view text) { std::ofstream(path()) << text; }
  [[nodiscard]] std::string path() const { return folder_ / "units.toml"; }

 private:
  temporary_folder folder_;
};

TEST(Commands, StatusShowsTheTable) {
  fake_daemon daemon({http_answer(200, status_body(web_body))});
  const outcome seen = do_it(status_command{.socket = daemon.socket(), .key = std::nullopt});
  EXPECT_EQ(seen.exit_code, 0);
  EXPECT_EQ(seen.out, "UNIT  STATE    PID  SINCE  RESTARTS\nweb   running    7     1m         0\n");
  EXPECT_EQ(seen.err, "");
}

TEST(Commands, StatusOfNothingSaysHowToBegin) {
  fake_daemon daemon({http_answer(200, status_body(""))});
  EXPECT_EQ(do_it(status_command{.socket = daemon.socket(), .key = std::nullopt}).out, "no units; add some with: steward apply FILE\n");
}

TEST(Commands, StatusWarnsWhenTheTableCannotBeRead) {
  fake_daemon daemon({http_answer(200, status_body(web_body, R"({"unreadable_since":"2026-01-31T11:58:00.000Z","error":"locked"})"))});
  const outcome seen = do_it(status_command{.socket = daemon.socket(), .key = std::nullopt});
  EXPECT_EQ(seen.exit_code, 0);
  EXPECT_EQ(seen.err, "steward: the table cannot be read for 2m: locked; what runs goes on\n");
}

TEST(Commands, StatusAsJsonIsAnArray) {
  fake_daemon daemon({http_answer(200, status_body(web_body)), http_answer(200, web_body), http_answer(200, status_body(""))});
  const outcome all = do_it(status_command{.socket = daemon.socket(), .key = std::nullopt, .json = true});
  EXPECT_TRUE(all.out.starts_with("[\n  {\n    \"key\": \"web\",\n    \"state\": \"running\",\n    \"pid\": 7,\n")) << all.out;
  EXPECT_EQ(do_it(status_command{.socket = daemon.socket(), .key = "web", .json = true}).out, all.out);
  EXPECT_EQ(do_it(status_command{.socket = daemon.socket(), .key = std::nullopt, .json = true}).out, "[]\n");
}

TEST(Commands, AFailureIsToldOnOneLineWithExitCodeOne) {
  fake_daemon daemon({http_answer(200, version_body), http_answer(404, R"({"error":"there is no unit \"wbe\"; did you mean \"web\"?"})")});
  const outcome seen = do_it(control_command{.socket = daemon.socket(), .call = api_call::stop, .keys = {"wbe"}});
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_EQ(seen.out, "");
  EXPECT_EQ(seen.err, "steward: there is no unit \"wbe\"; did you mean \"web\"?\n");
  const outcome none = do_it(status_command{.socket = "/nowhere/s", .key = std::nullopt});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_EQ(none.err, "steward: no daemon at /nowhere/s (start one with: steward run; --socket names that of another)\n");
}

TEST(Commands, ControlTellsWhatTheDaemonDid) {
  fake_daemon daemon({http_answer(200, version_body), http_answer(200, R"({"key":"web","changed":false,"message":"web is already stopped"})")});
  const outcome seen = do_it(control_command{.socket = daemon.socket(), .call = api_call::stop, .keys = {"web"}});
  EXPECT_EQ(seen.exit_code, 0);
  EXPECT_EQ(seen.out, "web is already stopped\n");
}

TEST(Commands, ControlOfSeveralTriesAllAndTellsOfEach) {
  fake_daemon daemon({http_answer(200, version_body), http_answer(200, R"({"key":"a","changed":true,"message":"a starts"})"),
                      http_answer(503, R"({"error":"the table is locked"})"),
                      http_answer(200, R"({"key":"c","changed":true,"message":"c starts"})")});
  const outcome seen = do_it(control_command{.socket = daemon.socket(), .call = api_call::start, .keys = {"a", "b", "c"}});
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_EQ(seen.out, "a starts\nc starts\n");
  EXPECT_EQ(seen.err, "steward: b: the table is locked\n");
  EXPECT_EQ(daemon.asked().back(), "POST /v1/units/c/start");
}

TEST(Commands, ControlOfSeveralTellsOnceThatThereIsNoDaemon) {
  const outcome seen = do_it(control_command{.socket = "/nowhere/s", .call = api_call::stop, .keys = {"a", "b"}});
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_EQ(seen.err, "steward: no daemon at /nowhere/s (start one with: steward run; --socket names that of another)\n");
}

TEST(Commands, ApplySendsTheFileAndTellsWhatChanged) {
  const units_on_disk file("[unit.web]\ncommand = [\"/bin/sh\"]\nafter = [\"db\"]\n");
  std::string db(web_body);
  db.replace(db.find("web"), 3, "db");
  fake_daemon daemon({http_answer(200, version_body), http_answer(200, status_body(db)),
                      http_answer(200, R"({"added":["web"],"changed":["a","b"],"unchanged":["c"]})")});
  const outcome seen = do_it(apply_command{.socket = daemon.socket(), .file = file.path()});
  EXPECT_EQ(seen.exit_code, 0) << seen.err;
  EXPECT_EQ(seen.out, "added: web\nchanged: a, b\n");
  const auto asked = daemon.asked();
  ASSERT_EQ(asked.size(), 3U);
  EXPECT_EQ(asked[0], "GET /v1/version");
  EXPECT_EQ(asked[1], "GET /v1/status");
  EXPECT_TRUE(asked[2].starts_with("POST /v1/apply {\"units\":{\"web\":")) << asked[2];
}

TEST(Commands, ApplyOfVeryManyTellsTheFirstAndHowManyMore) {
  const units_on_disk file("[unit.web]\ncommand = [\"/bin/sh\"]\n");
  std::string names = "\"u0\"";
  for (int i = 1; i < 250; ++i) names += ",\"u" + std::to_string(i) + "\"";
  fake_daemon daemon({http_answer(200, version_body), http_answer(200, status_body("")),
                      http_answer(200, R"({"added":[)" + names + R"(],"changed":[],"unchanged":[]})")});
  const outcome seen = do_it(apply_command{.socket = daemon.socket(), .file = file.path()});
  EXPECT_TRUE(seen.out.starts_with("added: u0, u1, ")) << seen.out;
  EXPECT_TRUE(seen.out.ends_with("u99, and 150 more\n")) << seen.out;
}

TEST(Commands, ApplyingAnEqualFileSaysSo) {
  const units_on_disk file("[unit.web]\ncommand = [\"/bin/sh\"]\n");
  fake_daemon daemon(
      {http_answer(200, version_body), http_answer(200, status_body("")), http_answer(200, R"({"added":[],"changed":[],"unchanged":["web"]})")});
  EXPECT_EQ(do_it(apply_command{.socket = daemon.socket(), .file = file.path()}).out, "nothing to change\n");
}

TEST(Commands, APlanIsShownAndNothingIsApplied) {
  const units_on_disk file("[unit.web]\ncommand = [\"/bin/sh\"]\n");
  constexpr std::string_view body =
      R"({"added":["web"],"changed":[],"unchanged":[],"steps":[{"key":"web","action":"start","because_of":null,"waiting_for":[]}]})";
  const auto answers = [&] { return std::vector{http_answer(200, version_body), http_answer(200, status_body("")), http_answer(200, body)}; };
  fake_daemon daemon(answers());
  const outcome seen = do_it(apply_command{.socket = daemon.socket(), .file = file.path(), .plan = true});
  EXPECT_EQ(seen.exit_code, 0) << seen.err;
  EXPECT_EQ(seen.out, "would add: web\n1. start    web\n");
  EXPECT_TRUE(daemon.asked().back().starts_with("POST /v1/plan {\"units\":{\"web\":"));
  fake_daemon other(answers());
  const outcome json = do_it(apply_command{.socket = other.socket(), .file = file.path(), .plan = true, .json = true});
  EXPECT_TRUE(json.out.starts_with("{\n  \"added\": [")) << json.out;
}

TEST(Commands, ExplainAndStragglersShowWhatTheDaemonTells) {
  constexpr std::string_view why =
      R"({"key":"web","state":"waiting","why":"waits_for_others","since":"2026-01-31T11:59:00.000Z","waiting_for":["db"]})";
  fake_daemon daemon(
      {http_answer(200, why), http_answer(200, why), http_answer(200, R"({"stragglers":[]})"), http_answer(200, R"({"stragglers":[]})")});
  EXPECT_EQ(do_it(explain_command{.socket = daemon.socket(), .key = "web"}).out,
            "unit         web\n"
            "state        waiting\n"
            "why          it waits for db, which does not run\n"
            "since        2026-01-31T11:59:00.000Z (1m ago)\n"
            "waits for    db\n");
  EXPECT_TRUE(do_it(explain_command{.socket = daemon.socket(), .key = "web", .json = true}).out.starts_with("{\n  \"key\": \"web\","));
  EXPECT_EQ(do_it(stragglers_command{.socket = daemon.socket()}).out, "nothing is left over\n");
  EXPECT_EQ(do_it(stragglers_command{.socket = daemon.socket(), .json = true}).out, "[]\n");
  EXPECT_EQ(daemon.asked(),
            (std::vector<std::string>{"GET /v1/units/web/explain", "GET /v1/units/web/explain", "GET /v1/stragglers", "GET /v1/stragglers"}));
}

constexpr std::string_view db_failed =
    R"({"at":"2026-01-31T11:59:58.000Z","key":"db","state":"backoff","generation":1,"incarnation":1,"exit":{"reason":"failed","error":"exited with code 3",)"
    R"("code":3},"error":null,"because_of":null,"until":null})";
constexpr std::string_view api_stops =
    R"({"at":"2026-01-31T11:59:59.000Z","key":"api","state":"stopping","generation":1,"incarnation":1,"because_of":"db"})";

std::string lines(std::initializer_list<std::string_view> all) {
  std::string text;
  for (const std::string_view each : all) text.append(each) += '\n';
  return text;
}

TEST(Commands, EventsAreALineEach) {
  const std::string body = lines({db_failed, R"({"lost":2})", api_stops});
  fake_daemon daemon({http_answer(200, body), http_answer(200, body)});
  const outcome seen = do_it(events_command{.socket = daemon.socket(), .keys = {}});
  EXPECT_EQ(seen.exit_code, 0) << seen.err;
  EXPECT_EQ(seen.out,
            "2026-01-31T11:59:58.000Z db: backoff, exited with code 3\n"
            "2 events are missing here: more came than could be kept for this reader\n"
            "2026-01-31T11:59:59.000Z api: stopping, because of db\n");
  EXPECT_EQ(do_it(events_command{.socket = daemon.socket(), .keys = {"db"}, .follow = true, .json = true}).out, body);
  EXPECT_EQ(daemon.asked(), (std::vector<std::string>{"GET /v1/events?follow=0", "GET /v1/events?follow=1&key=db"}));
}

TEST(Commands, AnEventThatIsNoneIsTold) {
  fake_daemon daemon({http_answer(200, lines({"nonsense", api_stops}))});
  const outcome seen = do_it(events_command{.socket = daemon.socket(), .keys = {}});
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_EQ(seen.out, "2026-01-31T11:59:59.000Z api: stopping, because of db\n");
  EXPECT_EQ(seen.err, "steward: an event of the daemon is not JSON: syntax error at byte 0\n");
}

TEST(Commands, FailuresAreMadeOfEvents) {
  const std::string body = lines({db_failed, api_stops});
  fake_daemon daemon({http_answer(200, body), http_answer(200, body), http_answer(200, body), http_answer(404, R"({"error":"there is no unit x"})"),
                      http_answer(200, body)});
  EXPECT_EQ(do_it(failures_command{.socket = daemon.socket(), .keys = {"api"}}).out,
            "2026-01-31T11:59:58.000Z (2s ago)\n"
            "  db failed: exited with code 3\n"
            "    api stopping\n");
  EXPECT_TRUE(do_it(failures_command{.socket = daemon.socket(), .keys = {}, .json = true}).out.starts_with("[\n  {\n    \"at\": "));
  const outcome unknown = do_it(failures_command{.socket = daemon.socket(), .keys = {"x"}});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_EQ(unknown.err, "steward: there is no unit x\n");
}

TEST(Commands, ApplyTellsMistakesWithoutAskingTheDaemon) {
  const units_on_disk file("[unit.web]\ncomand = [\"/bin/sh\"]\n");
  const outcome seen = do_it(apply_command{.socket = "/nowhere/s", .file = file.path()});
  EXPECT_EQ(seen.exit_code, 2);
  EXPECT_EQ(seen.err,
            file.path() +
                ":1:7: unit.web.command: missing; it must be an array of strings, the program and its arguments, such as [\"/bin/sleep\", \"10\"]\n" +
                file.path() + ":2:1: unit.web.comand: unknown key; did you mean \"command\"?\n");
}

TEST(Commands, ApplySendsNothingWhenOneUnitIsWrong) {
  const units_on_disk file("[unit.good]\ncommand = [\"/bin/sh\"]\n[unit.bad]\ncommand = [\"/bin/no-such-program\"]\nafter = [\"god\"]\n");
  fake_daemon daemon({http_answer(200, version_body), http_answer(200, status_body("")), http_answer(200, "{}")});
  const outcome seen = do_it(apply_command{.socket = daemon.socket(), .file = file.path()});
  EXPECT_EQ(seen.exit_code, 2);
  EXPECT_EQ(seen.err, file.path() + ":4:12: unit.bad.command[0]: \"/bin/no-such-program\" does not exist\n" + file.path() +
                          ":5:10: unit.bad.after[0]: there is no unit \"god\"; did you mean \"good\"?\n");
  EXPECT_EQ(daemon.asked().size(), 2U);
}

TEST(Commands, ApplyOfAFileThatIsNotThereIsAWrongUse) {
  const outcome seen = do_it(apply_command{.socket = "/nowhere/s", .file = "/nowhere/units.toml"});
  EXPECT_EQ(seen.exit_code, 2);
  EXPECT_EQ(seen.err, "steward: /nowhere/units.toml: no such file\n");
}

TEST(Commands, LogsAreHandedOnAsTheyAre) {
  fake_daemon daemon({http_answer(200, "a\n\x1b[31mb\n")});
  EXPECT_EQ(do_it(logs_command{.socket = daemon.socket(), .key = "web"}).out, "a\n\x1b[31mb\n");
}

TEST(Commands, RunRunsTheDaemon) {
  const outcome ran = do_it(run_options{.database = "x.db", .socket = "s", .units_file = std::nullopt});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_EQ(ran.out, "ran x.db\n");
}

TEST(Commands, RunRefusesASocketPathThatIsTooLong) {
  const outcome seen = do_it(run_options{.database = "x.db", .socket = std::string(108, 's'), .units_file = std::nullopt});
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_TRUE(seen.err.starts_with("steward: the socket's path sss")) << seen.err;
}

TEST(Commands, VersionIsOneLine) { EXPECT_EQ(do_it(version_command{}).out, "steward " + std::string(steward_version()) + "\n"); }

}  // namespace
}  // namespace steward
