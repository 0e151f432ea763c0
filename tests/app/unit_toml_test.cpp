// SPDX-License-Identifier: Apache-2.0
#include "unit_toml.hpp"

#include "toml_words.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace steward {
namespace {

using namespace std::chrono_literals;

units_source in_folder() { return {.file = "units.toml", .folder = "/srv/app"}; }

/// The one unit of a file that is right.
unit only_unit(std::string_view text) {
  const auto read = parse_units(text, in_folder());
  EXPECT_TRUE(read.has_value()) << read.error().to_tree();
  return read && read->size() == 1 ? read->begin()->second : unit();
}

/// Everything that is wrong with a file, one line each.
std::string mistakes(std::string_view text, const units_source& source = in_folder()) {
  const auto read = parse_units(text, source);
  return read ? "accepted\n" : read.error().to_tree();
}

/// What is wrong with a unit `u` that has one line beside its command.
std::string mistake_in(std::string_view line) {
  std::string text = mistakes("[unit.u]\ncommand = [\"/bin/true\"]\n" + std::string(line) + "\n");
  constexpr std::string_view prefix = "units.toml:3:";
  EXPECT_EQ(text.substr(0, prefix.size()), prefix) << text;
  EXPECT_EQ(text.find('\n'), text.size() - 1) << text;
  return text.substr(prefix.size(), text.size() - prefix.size() - 1);
}

TEST(UnitToml, ACommandAloneHasTheDefaultsOfTheDesign) {
  const unit read = only_unit("[unit.web]\ncommand = [\"sleep\", \"10\"]\n");
  EXPECT_EQ(read.program, (program_spec{.command = {"sleep", "10"}, .directory = "", .environment = {}}));
  EXPECT_EQ(read.restart.when, restart::always);
  EXPECT_EQ(read.restart.delays.initial, 200ms);
  EXPECT_EQ(read.restart.delays.max, 1min);
  EXPECT_EQ(read.restart.delays.factor, 2.0);
  EXPECT_EQ(read.restart.delays.jitter, 0.2);
  EXPECT_EQ(read.restart.delays.reset_after, 30s);
  EXPECT_EQ(read.stop, (unit_stop{.signal = SIGTERM, .deadline = 10s}));
  EXPECT_EQ(read.start_deadline, 60s);
  EXPECT_TRUE(read.after.empty());
  EXPECT_EQ(read.restart.budget, std::nullopt);
  EXPECT_EQ(read.kill_deadline, 10s);
  EXPECT_TRUE(read.requirements.empty());
  EXPECT_EQ(read.group, std::nullopt);
  EXPECT_EQ(read.ready, readiness(ready_at_once()));
}

TEST(UnitToml, EveryKeyIsRead) {
  const auto read = parse_units(R"(
[unit.web]
command = ["/usr/sbin/nginx", "-c", "nginx.conf"]
directory = "/srv/web"
environment = { PORT = "8080", EMPTY = "" }
restart = "on_failure"
backoff = { initial = "1s", max = "2m", factor = 3, jitter = 0.5, reset_after = "1h" }
stop = { signal = "QUIT", deadline = "1m30s" }
start_deadline = "5s"
after = ["db", "cache"]
ready = { http = "http://127.0.0.1:8080/health?x=1" }

[unit.db]
command = ["db"]
ready = { tcp = "[::1]:5432" }

[unit.cache]
command = ["cache"]
ready = { after = "500ms" }
)",
                                in_folder());
  ASSERT_TRUE(read) << read.error().to_tree();
  const unit& web = read->at("web");
  EXPECT_EQ(web.program.command, (std::vector<std::string>{"/usr/sbin/nginx", "-c", "nginx.conf"}));
  EXPECT_EQ(web.program.directory, "/srv/web");
  EXPECT_EQ(web.program.environment, (std::map<std::string, std::string>{{"EMPTY", ""}, {"PORT", "8080"}}));
  EXPECT_EQ(web.restart,
            (restart_policy{.when = restart::on_failure, .delays = {.initial = 1s, .max = 2min, .factor = 3, .jitter = 0.5, .reset_after = 1h}}));
  EXPECT_EQ(web.stop, (unit_stop{.signal = SIGQUIT, .deadline = 90s}));
  EXPECT_EQ(web.start_deadline, 5s);
  EXPECT_EQ(web.after, (std::vector<std::string>{"db", "cache"}));
  EXPECT_EQ(web.ready, readiness(ready_by_http{.host = "127.0.0.1", .port = 8080, .target = "/health?x=1"}));
  EXPECT_EQ(read->at("db").ready, readiness(ready_by_tcp{.host = "::1", .port = 5432}));
  EXPECT_EQ(read->at("cache").ready, readiness(ready_after{.delay = 500ms}));
}

TEST(UnitToml, AFileWithoutUnitsIsAFileWithoutUnits) {
  EXPECT_EQ(parse_units("", in_folder()), unit_map());
  EXPECT_EQ(parse_units("# nothing\n[unit]\n", in_folder()), unit_map());
}

TEST(UnitToml, RelativePathsAreMeantFromTheFolderOfTheFile) {
  const unit read = only_unit("[unit.u]\ncommand = [\"bin/run\", \"./x\"]\ndirectory = \"../data\"\n");
  EXPECT_EQ(read.program.command, (std::vector<std::string>{"/srv/app/bin/run", "./x"}));  // arguments are the program's own business
  EXPECT_EQ(read.program.directory, "/srv/data");
  EXPECT_EQ(only_unit("[unit.u]\ncommand = [\"a\"]\ndirectory = \".\"\n").program.directory, "/srv/app");
  EXPECT_EQ(only_unit("[unit.u]\ncommand = [\"a\"]\ndirectory = \"sub/\"\n").program.directory, "/srv/app/sub");
}

TEST(UnitToml, AnUnknownKeyIsRefusedWithTheNearestOne) {
  EXPECT_EQ(mistake_in("directry = \"/\""), "1: unit.u.directry: unknown key; did you mean \"directory\"?");
  EXPECT_EQ(
      mistake_in("port = 1"),
      "1: unit.u.port: unknown key; known: command, directory, environment, restart, backoff, budget, stop, start_deadline, kill_deadline, after, "
      "requires, group, ready");
  EXPECT_EQ(mistake_in("stop = { signl = \"TERM\" }"), "10: unit.u.stop.signl: unknown key; did you mean \"signal\"?");
  EXPECT_EQ(mistakes("[units.u]\n"), "units.toml:1:2: units: unknown key; did you mean \"unit\"?\n");
}

TEST(UnitToml, AWrongTypeIsRefusedWithTheRightOne) {
  EXPECT_EQ(mistake_in("directory = 3"), "1: unit.u.directory: is an integer; it must be a string, the folder to run in");
  EXPECT_EQ(mistake_in("after = \"web\""), "1: unit.u.after: is a string; it must be an array of unit names, such as [\"web\"]");
  EXPECT_EQ(mistake_in("after = [\"web\", 1]"), "17: unit.u.after[1]: is an integer; it must be an array of unit names, such as [\"web\"]");
  EXPECT_EQ(mistake_in("environment = { PORT = 8080 }"), "17: unit.u.environment.PORT: is an integer; it must be a string: \"8080\"");
  EXPECT_EQ(mistake_in("environment = [\"A=b\"]"), "1: unit.u.environment: is an array; it must be a table of strings, such as { PORT = \"8080\" }");
  EXPECT_EQ(mistake_in("restart = true"), "1: unit.u.restart: is a boolean; it must be one of: always, on_failure, never");
  EXPECT_EQ(mistake_in("backoff = 2.5"), "1: unit.u.backoff: is a number; it must be a table, such as { initial = \"200ms\", max = \"1m\" }");
  EXPECT_EQ(mistake_in("directory = 1979-05-27"),
            "1: unit.u.directory: is a date or a time, which no key of a unit takes; put it in quotes to make it a string");
  EXPECT_EQ(mistakes("unit = 3"), "units.toml:1:1: unit: is an integer; it must be a table of units\n");
  EXPECT_EQ(mistakes("[unit]\nweb = 3"), "units.toml:2:1: unit.web: is an integer; it must be a table with at least a command\n");
}

TEST(UnitToml, ACommandThatIsNoneIsRefused) {
  constexpr std::string_view wanted = "it must be an array of strings, the program and its arguments, such as [\"/bin/sleep\", \"10\"]\n";
  EXPECT_EQ(mistakes("[unit.u]\n"), "units.toml:1:7: unit.u.command: missing; " + std::string(wanted));
  EXPECT_EQ(mistakes("[unit.u]\ncommand = []"), "units.toml:2:1: unit.u.command: is empty; " + std::string(wanted));
  EXPECT_EQ(mistakes("[unit.u]\ncommand = \"sleep 10\""), "units.toml:2:1: unit.u.command: is a string; " + std::string(wanted));
  EXPECT_EQ(mistakes("[unit.u]\ncommand = [\"\"]"), "units.toml:2:1: unit.u.command: names no program: its first string is empty\n");
}

TEST(UnitToml, ADurationNeedsItsUnit) {
  EXPECT_EQ(mistake_in("start_deadline = 10"), "1: unit.u.start_deadline: is an integer; a duration is a string with a unit, such as \"10s\"");
  EXPECT_EQ(mistake_in("start_deadline = \"10\""),
            "1: unit.u.start_deadline: \"10\" has no unit; write \"10s\" for seconds or \"10ms\" for milliseconds");
  EXPECT_EQ(mistake_in("start_deadline = \"-1s\""), "1: unit.u.start_deadline: \"-1s\" is negative; a duration is zero or more");
  EXPECT_EQ(mistake_in("start_deadline = \"0s\""), "1: unit.u.start_deadline: must be longer than zero");
}

TEST(UnitToml, AReadinessThatComesTooLateIsRefused) {
  const auto with = [](const std::string& keys) { return mistakes("[unit.u]\ncommand = [\"/bin/sleep\"]\n" + keys); };
  EXPECT_EQ(
      with("ready = { after = \"10s\" }\nstart_deadline = \"1s\""),
      "units.toml:3:11: unit.u.ready.after: is 10s, and the start_deadline 1s: it would never be ready; a shorter one, or a start_deadline longer "
      "than 10s\n");
  EXPECT_EQ(
      with("ready = { after = \"1m\" }"),
      "units.toml:3:11: unit.u.ready.after: is 1m, and the start_deadline 1m: it would never be ready; a shorter one, or a start_deadline longer "
      "than 1m\n");
  EXPECT_EQ(with("ready = { after = \"999ms\" }\nstart_deadline = \"1s\""), "accepted\n");
}

TEST(UnitToml, ValuesOutOfTheirRangeAreRefused) {
  EXPECT_EQ(mistake_in("restart = \"on-failure\""), "1: unit.u.restart: is \"on-failure\"; it must be one of: always, on_failure, never");
  EXPECT_EQ(mistake_in("stop.signal = \"TREM\""),
            "6: unit.u.stop.signal: is \"TREM\"; it must be one of: TERM, INT, QUIT, HUP, KILL, ABRT, ALRM, USR1, USR2, WINCH");
  EXPECT_EQ(mistake_in("backoff.factor = 0.9"), "9: unit.u.backoff.factor: is 0.9; it must be a number from 1 to 1000");
  EXPECT_EQ(mistake_in("backoff.factor = nan"), "9: unit.u.backoff.factor: is nan; it must be a number from 1 to 1000");
  EXPECT_EQ(mistake_in("backoff.factor = inf"), "9: unit.u.backoff.factor: is inf; it must be a number from 1 to 1000");
  EXPECT_EQ(mistake_in("backoff.jitter = 1.1"), "9: unit.u.backoff.jitter: is 1.1; it must be a number from 0 to 1, a fraction of the delay");
  EXPECT_EQ(mistake_in("backoff.jitter = -0.1"), "9: unit.u.backoff.jitter: is -0.1; it must be a number from 0 to 1, a fraction of the delay");
  EXPECT_EQ(mistake_in("backoff.max = \"100ms\""), "9: unit.u.backoff.max: max (100ms) is less than initial (200ms); it must be at least that");
  EXPECT_EQ(mistake_in("backoff.initial = \"2m\""), "9: unit.u.backoff.initial: max (1m) is less than initial (2m); it must be at least that");
  EXPECT_EQ(mistake_in("backoff.initial = \"0s\""), "9: unit.u.backoff.initial: must be longer than zero");
  EXPECT_EQ(mistake_in("directory = \"\""),
            "1: unit.u.directory: is empty; leave it out to run in the daemon's own, or write \".\" for the folder of this file");
}

TEST(UnitToml, ASignalMayHaveItsPrefix) { EXPECT_EQ(only_unit("[unit.u]\ncommand = [\"a\"]\nstop.signal = \"SIGINT\"\n").stop.signal, SIGINT); }

TEST(UnitToml, NulBytesAreRefusedEverywhere) {
  EXPECT_EQ(mistakes("[unit.u]\ncommand = [\"a\", \"b\\u0000\"]"),
            "units.toml:2:17: unit.u.command[1]: has a NUL byte, which no program can be given\n");
  EXPECT_EQ(mistake_in("directory = \"/a\\u0000\""), "1: unit.u.directory: has a NUL byte, which no program can be given");
  EXPECT_EQ(mistake_in("environment = { A = \"\\u0000\" }"), "17: unit.u.environment.A: has a NUL byte, which no program can be given");
  EXPECT_EQ(mistake_in("environment = { \"A=B\" = \"x\" }"),
            "17: unit.u.environment.\"A=B\": is not a name of an environment variable: it is empty or has a = or a NUL byte");
}

TEST(UnitToml, NamesThatCouldNotBeFileNamesAreRefused) {
  constexpr std::string_view rule = "not a name: a unit name is 1 to 64 of A-Z a-z 0-9 . _ @ - and does not begin with . or -\n";
  for (const std::string name : {"a b", "../x", ".hidden", "-f", "a/b", "größe", "", "a\\nb"})
    EXPECT_TRUE(mistakes("[unit.\"" + name + "\"]\ncommand = [\"a\"]").ends_with(rule)) << name;
  EXPECT_TRUE(mistakes("[unit." + std::string(65, 'a') + "]\ncommand = [\"a\"]").ends_with(rule));
  EXPECT_EQ(mistakes("[unit." + std::string(64, 'a') + "]\ncommand = [\"a\"]"), "accepted\n");
  EXPECT_EQ(mistakes("[unit.\"web@1.x_y-z\"]\ncommand = [\"a\"]"), "accepted\n");
}

TEST(UnitToml, ANameWithDotsIsToldToStandInQuotes) {
  EXPECT_EQ(mistakes("[unit.web.example]\ncommand = [\"a\"]\n[unit.next]\ncommand = [\"a\"]\nafter = [\"web.example\"]"),
            "units.toml:1:11: unit.web.example: a name with dots stands in quotes: [unit.\"web.example\"]\n");
  EXPECT_EQ(mistakes("[unit.web.example.com]\ncommand = [\"a\"]"),
            "units.toml:1:19: unit.web.example.com: a name with dots stands in quotes: [unit.\"web.example.com\"]\n");
  EXPECT_TRUE(mistakes("[unit.web.stop]\nsignal = \"INT\"").starts_with("units.toml:1:7: unit.web.command: missing"));
}

TEST(UnitToml, AProbeIsOneOfThree) {
  constexpr std::string_view three = "it must be one of: { tcp = \"host:port\" }, { http = \"http://host:port/\" }, { after = \"500ms\" }";
  EXPECT_EQ(mistake_in("ready = {}"), "1: unit.u.ready: has no probe; " + std::string(three) + ", or leave it out");
  EXPECT_EQ(mistake_in("ready = { tcp = \"a:1\", after = \"1s\" }"), "1: unit.u.ready: has more than one probe; " + std::string(three));
  EXPECT_EQ(mistake_in("ready = \"127.0.0.1:80\""), "1: unit.u.ready: is a string; " + std::string(three));
  EXPECT_EQ(mistake_in("ready = { tpc = \"a:1\" }"), "11: unit.u.ready.tpc: unknown key; did you mean \"tcp\"?");
  EXPECT_EQ(mistake_in("ready = { after = \"1\" }"),
            "11: unit.u.ready.after: \"1\" has no unit; write \"1s\" for seconds or \"1ms\" for milliseconds");
}

TEST(UnitToml, WhatAProbeConnectsToIsChecked) {
  const auto tcp = [](const std::string& where) { return mistake_in("ready.tcp = \"" + where + "\""); };
  EXPECT_EQ(tcp("localhost"), "7: unit.u.ready.tcp: \"localhost\" has no port; write it as \"host:port\", such as \"127.0.0.1:80\"");
  EXPECT_EQ(tcp(":80"), "7: unit.u.ready.tcp: \":80\" has the host \"\"; write a name or an address, such as \"127.0.0.1:80\"");
  EXPECT_EQ(tcp("a:0"), "7: unit.u.ready.tcp: \"a:0\" has the port \"0\"; a port is a number from 1 to 65535");
  EXPECT_EQ(tcp("a:65536"), "7: unit.u.ready.tcp: \"a:65536\" has the port \"65536\"; a port is a number from 1 to 65535");
  EXPECT_EQ(tcp("a:80x"), "7: unit.u.ready.tcp: \"a:80x\" has the port \"80x\"; a port is a number from 1 to 65535");
  EXPECT_EQ(tcp("::1:80"), "7: unit.u.ready.tcp: \"::1:80\" has more than one colon; write an IPv6 address as \"[::1]:80\"");
  EXPECT_EQ(tcp("[::1:80"), "7: unit.u.ready.tcp: \"[::1:80\" has a [ without its ]; write an IPv6 address as \"[::1]:80\"");
  const auto http = [](const std::string& where) { return mistake_in("ready.http = \"" + where + "\""); };
  EXPECT_EQ(http("https://a:1/"),
            "7: unit.u.ready.http: \"https://a:1/\" must begin with http://, such as \"http://127.0.0.1:80/health\" (no https)");
  EXPECT_EQ(http("http://a/x"), "7: unit.u.ready.http: \"http://a/x\" has no port; write it as \"host:port\", such as \"127.0.0.1:80\"");
  EXPECT_EQ(http("http://me@a:1/"), "7: unit.u.ready.http: \"http://me@a:1/\" has a user in it, which a probe does not send");
  EXPECT_EQ(http("http://a:1/#x"), "7: unit.u.ready.http: \"http://a:1/#x\" has a fragment (#), which is never sent to a server");
  EXPECT_EQ(http("http://a:1/ x"), "7: unit.u.ready.http: \"http://a:1/ x\" has a character that a URL cannot have; write it as %XX");
  EXPECT_EQ(http("http://a:1/\\r\\nX: y"),
            "7: unit.u.ready.http: \"http://a:1/\\x0d\\nX: y\" has a character that a URL cannot have; write it as %XX");
}

TEST(UnitToml, TheGrammarOfTomlIsToldWithItsPlaceInOurWords) {
  const auto told = [](std::string_view text) {
    const std::string line = mistakes("[unit.u]\n" + std::string(text) + "\n");
    constexpr std::string_view prefix = "units.toml:";
    return line.starts_with(prefix) ? line.substr(prefix.size(), line.size() - prefix.size() - 1) : line;
  };
  EXPECT_EQ(told("[unit.v"), "2:8: not TOML: not a heading; one is [unit.NAME] on a line of its own");
  EXPECT_EQ(told("budget.restarts = 99999999999999999999"),
            "2:39: not TOML: a number larger than any that has a meaning; the largest is 9223372036854775807");
  EXPECT_EQ(told("[unit.v]\n[unit.u]"), "3:1: not TOML: unit.u is there already; write its keys together in one place");
  EXPECT_EQ(told("restart = \"never\"\nrestart = \"always\""), "3:11: not TOML: restart is there already; write it once");
  EXPECT_EQ(told("restart = never"), "2:12: not TOML: not a value; strings are in quotes");
  EXPECT_EQ(told("restart = tru"), "2:14: not TOML: not a value; strings are in quotes, true and false are not");
  EXPECT_EQ(told("restart never"), "2:9: not TOML: after a key come = and a value, such as restart = \"never\"");
  EXPECT_EQ(told("restart ="), "2:10: not TOML: after = comes a value on the same line, such as restart = \"never\"");
  EXPECT_EQ(told("restart = \"a\" x = 1"), "2:15: not TOML: something stands behind a value; each key begins a line of its own");
  EXPECT_EQ(told("start_deadline = 10s"), "2:20: not TOML: not a number; put it in quotes to make it a string");
  EXPECT_EQ(told("command = ["), "2:13: not TOML: the file ends inside an array; close it with ]");
  EXPECT_EQ(told("command = [\"a\" \"b\"]"),
            "2:16: not TOML: not an array; one has commas between its values and ] at its end, such as [\"sleep\", \"10\"]");
  EXPECT_EQ(told("directory = \"a"),
            "2:15: not TOML: a string ends on its line and has no control characters; close it with a quote, or use three quotes for several lines");
  EXPECT_EQ(told("directory = \"\\q\""),
            "2:15: not TOML: a backslash escapes what has no meaning; write \\\\ for a backslash, or use single quotes, in which nothing is escaped");
  EXPECT_EQ(told("stop = { signal = \"TERM\", }"),
            "2:27: not TOML: not a table in braces; one is { key = value, key = value } on one line, without a comma at its end");
  EXPECT_EQ(told("= 1"), "2:1: not TOML: a line begins with a key, a [heading] or a # comment");
  EXPECT_EQ(told("x = \"\xff\""), "2:5: not TOML: bytes that are not UTF-8; save the file as UTF-8");
}

// Should a newer parser say something that nobody here has heard of.
TEST(UnitToml, AnUnknownComplaintOfTheParserDoesNotLeakThrough) {
  EXPECT_EQ(toml_problem("Error while parsing soup: too salty"), "it cannot be read from here on; a line is KEY = VALUE, [unit.NAME] or # a comment");
  EXPECT_EQ(toml_problem(""), "it cannot be read from here on; a line is KEY = VALUE, [unit.NAME] or # a comment");
}

TEST(UnitToml, TextThatBreaksAnAssumptionOfTheParserIsOnlyWrong) {
  EXPECT_EQ(mistakes("ß = 1\n"), "units.toml:1:1: not TOML: a line begins with a key, a [heading] or a # comment\n");
  EXPECT_EQ(only_unit("[unit.u]\ncommand = [\"\"\"a\\\n  ß\"\"\"]\n").program.command, std::vector<std::string>{"aß"});
  EXPECT_EQ(mistakes("[<unit]\n"), "units.toml:1:2: not TOML: not a key; one is of A-Z a-z 0-9 _ -, and any other is put in quotes\n");
}

TEST(UnitToml, NestingThatWouldExhaustTheStackIsRefused) {
  std::string dotted;
  for (int i = 0; i < 200000; ++i) dotted += "a.";
  EXPECT_EQ(mistakes(dotted + "a = 1"), "units.toml:1:34: a key with more dots than any that has a meaning\n");
  EXPECT_EQ(mistakes("[" + dotted + "a]"), "units.toml:1:35: a key with more dots than any that has a meaning\n");
  EXPECT_EQ(mistakes("x = \"...................................\" # ...................."), "units.toml:1:1: x: unknown key; known: unit, group\n");
  EXPECT_NE(mistakes("x = " + std::string(200000, '[')), "accepted\n");
  EXPECT_NE(mistakes("x = '''\n" + dotted + "'''\n" + dotted + "a = 1"), "accepted\n");
  // The last three quotes of up to five end a string.
  for (const std::string end : {"\"\"\"", "\"\"\"\"", "\"\"\"\"\"", "'''", "''''", "'''''"}) {
    const std::string begin = "x = { a = " + end.substr(0, 3) + "b" + end + ", ";
    EXPECT_EQ(mistakes(begin + dotted + "b = 1 }"),
              fmt::format("units.toml:1:{}: a key with more dots than any that has a meaning\n", begin.size() + 34));
  }
}

TEST(UnitToml, EveryMistakeIsToldInTheOrderOfTheFile) {
  EXPECT_EQ(
      mistakes(R"([unit.b]
command = ["b"]
restart = "sometimes"
[unit.a]
command = []
start_deadline = 5
)"),
      "units.toml:3:1: unit.b.restart: is \"sometimes\"; it must be one of: always, on_failure, never\n"
      "units.toml:5:1: unit.a.command: is empty; it must be an array of strings, the program and its arguments, such as [\"/bin/sleep\", \"10\"]\n"
      "units.toml:6:1: unit.a.start_deadline: is an integer; a duration is a string with a unit, such as \"5s\"\n");
}

TEST(UnitToml, AFileWithHundredsOfMistakesTellsTheFirstFifty) {
  std::string text = "[unit.u]\ncommand = [\"a\"]\n";
  for (int i = 0; i < 300; ++i) text += "zzzzzzzzzzz" + std::to_string(i) + " = 1\n";
  const std::string told = mistakes(text);
  EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 51);
  EXPECT_TRUE(told.ends_with("and 250 more\n"));
}

TEST(UnitToml, AfterAndProgramsAreCheckedWhenTheirWorldIsGiven) {
  const known_units known{{"db", {}}};
  const executable_lookup programs{
      .look = [](const std::string& path) { return path == "/bin/true" ? executable_state::executable : executable_state::missing; },
      .search_path = "/usr/bin:/bin"};
  const units_source source{.file = "units.toml", .folder = "/srv", .known = &known, .programs = &programs};
  EXPECT_EQ(mistakes("[unit.u]\ncommand = [\"true\"]\nafter = [\"db\"]", source), "accepted\n");
  EXPECT_EQ(mistakes("[unit.u]\ncommand = [\"treu\"]\nafter = [\"bd\"]", source),
            "units.toml:2:12: unit.u.command[0]: \"treu\" is in no folder of PATH (/usr/bin:/bin); write its full path\n"
            "units.toml:3:10: unit.u.after[0]: there is no unit \"bd\"; did you mean \"db\"?\n");
}

TEST(UnitsFile, TellsOfAFileThatCannotBeRead) {
  const std::string folder = testing::TempDir();
  EXPECT_EQ(read_units_file(folder + "/none.toml").error().to_string(), folder + "/none.toml: no such file");
  EXPECT_EQ(read_units_file(folder).error().to_string(), folder + ": is a folder; give a units file");
  EXPECT_EQ(read_units_file("/proc/self/mem").error().to_string(), "/proc/self/mem: cannot be read");
}

TEST(UnitsFile, KnowsTheFolderThatItsPathsAreMeantFrom) {
  const std::string path = testing::TempDir() + "steward_units_file_test.toml";
  std::ofstream(path) << "# empty\n";
  const auto file = read_units_file(path);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->text, "# empty\n");
  EXPECT_EQ(file->name, path);
  EXPECT_EQ(file->folder + "/", testing::TempDir());
  std::remove(path.c_str());
}

}  // namespace
}  // namespace steward
