// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace steward {
namespace {

std::string no_link(const std::string& path) { return path; }

std::expected<invocation, no_invocation> parse(const std::string& line, const std::optional<std::string>& socket_variable = std::nullopt) {
  std::istringstream words(line);
  std::vector<std::string> arguments;
  for (std::string word; words >> word;) arguments.push_back(word);
  return parse_command_line(arguments, socket_variable, no_link);
}

template <class Command>
Command command(const std::string& line, const std::optional<std::string>& socket_variable = std::nullopt) {
  const auto read = parse(line, socket_variable);
  EXPECT_TRUE(read.has_value()) << read.error().err;
  if (!read || !std::holds_alternative<Command>(*read)) {
    ADD_FAILURE() << line << " is another command";
    return {};
  }
  return std::get<Command>(*read);
}

/// The one line that a wrong use is answered with.
std::string complaint(const std::string& line) {
  const auto read = parse(line);
  if (read) return "accepted";
  EXPECT_EQ(read.error().exit_code, 2) << line;
  EXPECT_EQ(read.error().out, "") << line;
  const std::string& text = read.error().err;
  EXPECT_EQ(text.find('\n'), text.size() - 1) << text;
  return text.substr(0, text.size() - 1);
}

TEST(CommandLine, RunHasItsDefaults) {
  EXPECT_EQ(command<run_options>("run"), (run_options{.database = "./steward.db", .socket = "./steward.db.sock", .units_file = std::nullopt}));
  EXPECT_EQ(command<run_options>("run --db /x/y.db --apply u.toml"),
            (run_options{.database = "/x/y.db", .socket = "/x/y.db.sock", .units_file = "u.toml"}));
  EXPECT_EQ(command<run_options>("run --socket /s").socket, "/s");
}

TEST(CommandLine, EveryCommandIsRead) {
  const std::string socket = "./steward.db.sock";
  EXPECT_EQ(command<apply_command>("apply u.toml"), (apply_command{.socket = socket, .file = "u.toml"}));
  EXPECT_EQ(command<apply_command>("apply u.toml --plan"), (apply_command{.socket = socket, .file = "u.toml", .plan = true}));
  EXPECT_EQ(command<apply_command>("apply u.toml --plan --json"), (apply_command{.socket = socket, .file = "u.toml", .plan = true, .json = true}));
  EXPECT_EQ(command<explain_command>("explain web"), (explain_command{.socket = socket, .key = "web", .json = false}));
  EXPECT_EQ(command<explain_command>("explain web --json"), (explain_command{.socket = socket, .key = "web", .json = true}));
  EXPECT_EQ(command<stragglers_command>("stragglers --json"), (stragglers_command{.socket = socket, .json = true}));
  EXPECT_EQ(command<status_command>("status"), (status_command{.socket = socket, .key = std::nullopt, .json = false}));
  EXPECT_EQ(command<status_command>("status web --json"), (status_command{.socket = socket, .key = "web", .json = true}));
  EXPECT_EQ(command<control_command>("start web"), (control_command{.socket = socket, .call = api_call::start, .keys = {"web"}}));
  EXPECT_EQ(command<control_command>("stop web"), (control_command{.socket = socket, .call = api_call::stop, .keys = {"web"}}));
  EXPECT_EQ(command<control_command>("restart web"), (control_command{.socket = socket, .call = api_call::restart, .keys = {"web"}}));
  EXPECT_EQ(command<control_command>("rm web"), (control_command{.socket = socket, .call = api_call::remove, .keys = {"web"}}));
  EXPECT_EQ(command<logs_command>("logs web"), (logs_command{.socket = socket, .key = "web", .follow = false, .lines = 100}));
  EXPECT_EQ(command<logs_command>("logs -f -n 5 web"), (logs_command{.socket = socket, .key = "web", .follow = true, .lines = 5}));
  EXPECT_EQ(command<events_command>("events"), (events_command{.socket = socket, .keys = {}, .follow = false, .json = false}));
  EXPECT_EQ(command<events_command>("events -f web db --json"),
            (events_command{.socket = socket, .keys = {"web", "db"}, .follow = true, .json = true}));
  EXPECT_EQ(command<failures_command>("failures"), (failures_command{.socket = socket, .keys = {}, .json = false}));
  EXPECT_EQ(command<failures_command>("failures web --json"), (failures_command{.socket = socket, .keys = {"web"}, .json = true}));
  command<version_command>("version");
}

TEST(CommandLine, ADatabaseThatIsALinkIsTheFileBehindItForAllThatStandsBesideIt) {
  const auto behind = [](const std::string& path) { return path == "cur.db" ? "data/s.db" : path == "./steward.db" ? "/there.db" : path; };
  const auto read = [&](const std::vector<std::string>& arguments) { return parse_command_line(arguments, std::nullopt, behind).value(); };
  EXPECT_EQ(std::get<run_options>(read({"run", "--db", "cur.db"})),
            (run_options{.database = "data/s.db", .socket = "data/s.db.sock", .units_file = std::nullopt}));
  EXPECT_EQ(std::get<run_options>(read({"run"})), (run_options{.database = "/there.db", .socket = "/there.db.sock", .units_file = std::nullopt}));
  EXPECT_EQ(std::get<status_command>(read({"status", "--db", "cur.db"})).socket, "data/s.db.sock");
  EXPECT_EQ(std::get<status_command>(read({"status"})).socket, "/there.db.sock");
}

TEST(CommandLine, TheSocketIsTheOptionElseBesideTheDatabaseThatIsNamedElseTheVariable) {
  EXPECT_EQ(command<status_command>("status --socket /a", "/b").socket, "/a");
  EXPECT_EQ(command<status_command>("status", "/b").socket, "/b");
  EXPECT_EQ(command<status_command>("status", "").socket, "./steward.db.sock");
  EXPECT_EQ(command<status_command>("status --db x.db", "/b").socket, "x.db.sock");
  EXPECT_EQ(command<status_command>("status --db x.db --socket /a", "/b").socket, "/a");
  EXPECT_EQ(command<run_options>("run", "/b").socket, "/b");
  EXPECT_EQ(command<run_options>("run --db x.db", "/b").socket, "x.db.sock");
  EXPECT_EQ(command<run_options>("run --db x.db", "").socket, "x.db.sock");
}

TEST(CommandLine, SeveralUnitsCanBeNamed) {
  EXPECT_EQ(command<control_command>("stop web worker db").keys, (std::vector<std::string>{"web", "worker", "db"}));
  EXPECT_EQ(complaint("stop web ../x"),
            "steward: \"../x\" is not a unit: a unit name is 1 to 64 of A-Z a-z 0-9 . _ @ - and does not begin with . or -");
}

TEST(CommandLine, ApplyTakesStdin) { EXPECT_EQ(command<apply_command>("apply -").file, "-"); }

TEST(CommandLine, HelpIsTheSameAsTheOption) {
  EXPECT_EQ(parse("help").error().out, parse("--help").error().out);
  EXPECT_EQ(parse("help logs").error().out, parse("logs --help").error().out);
  EXPECT_EQ(parse("help logs").error().exit_code, 0);
  EXPECT_EQ(complaint("help lgos"), "steward: unknown command \"lgos\"; did you mean \"logs\"?");
}

TEST(CommandLine, EveryClientCommandTakesASocketOrADatabase) {
  for (const std::string line :
       {"apply f", "status", "start a", "stop a", "restart a", "rm a", "logs a", "events", "failures", "explain a", "stragglers"}) {
    for (const auto& [option, socket] : {std::pair(" --socket /s", "/s"), std::pair(" --db /x.db", "/x.db.sock")}) {
      const auto read = parse(line + option);
      ASSERT_TRUE(read) << line;
      std::visit(
          [&](const auto& each) {
            if constexpr (requires { each.socket; }) {
              EXPECT_EQ(each.socket, socket) << line;
            } else {
              ADD_FAILURE() << line;
            }
          },
          *read);
    }
  }
}

TEST(CommandLine, AWrongCommandIsRefusedWithTheNearest) {
  EXPECT_EQ(complaint("stauts"), "steward: unknown command \"stauts\"; did you mean \"status\"?");
  EXPECT_EQ(complaint("statsu --json"), "steward: unknown command \"statsu\"; did you mean \"status\"?");
  EXPECT_EQ(complaint("frobnicate"),
            "steward: unknown command \"frobnicate\"; known: run, apply, status, logs, events, failures, explain, stragglers, start, stop, restart, "
            "rm, version, help");
  EXPECT_EQ(complaint(""),
            "steward: a command is missing: one of run, apply, status, logs, events, failures, explain, stragglers, start, stop, restart, rm, "
            "version, help; see steward --help");
}

TEST(CommandLine, AWrongOptionIsRefusedWithTheNearest) {
  EXPECT_EQ(complaint("status --jsn"), "steward: status: unknown option \"--jsn\"; did you mean \"--json\"?");
  EXPECT_EQ(complaint("--socket x status"), "steward: --socket comes after the command: steward status --socket");
  EXPECT_EQ(complaint("run --database x"), "steward: run: unknown option \"--database\"; known: --help, --db, --socket, --apply");
  EXPECT_EQ(complaint("--quiet"), "steward: unknown option \"--quiet\"; known: --help, --version");
}

TEST(CommandLine, MissingAndSuperfluousArgumentsAreRefused) {
  EXPECT_EQ(complaint("logs"), "steward: logs: KEY is required; see steward logs --help");
  EXPECT_EQ(complaint("apply"), "steward: apply: FILE is required; see steward apply --help");
  EXPECT_EQ(complaint("status a b"), "steward: \"b\" is one argument too many; see steward status --help");
  EXPECT_EQ(complaint("version x"), "steward: \"x\" is one argument too many; see steward version --help");
  EXPECT_EQ(complaint("explain"), "steward: explain: KEY is required; see steward explain --help");
  EXPECT_EQ(complaint("apply u.toml --json"), "steward: apply: --json requires --plan; see steward apply --help");
  EXPECT_EQ(complaint("run --db"), "steward: run: --db takes a value, and there is none; see steward run --help");
  EXPECT_EQ(complaint("run --db a --db b"), "steward: run: --db is given more than once; see steward run --help");
  EXPECT_FALSE(parse_command_line(std::vector<std::string>{"status", "--db", ""}, std::nullopt, no_link));
}

TEST(CommandLine, ValuesOutOfTheirRangeAreRefused) {
  EXPECT_EQ(complaint("logs -n x web"), "steward: logs: --lines: Value x not in range 0 to 1000000; see steward logs --help");
  EXPECT_EQ(complaint("logs -n -1 web"), "steward: logs: --lines: Value -1 not in range 0 to 1000000; see steward logs --help");
  EXPECT_EQ(complaint("start ../x"), "steward: \"../x\" is not a unit: a unit name is 1 to 64 of A-Z a-z 0-9 . _ @ - and does not begin with . or -");
}

TEST(CommandLine, EveryCommandHasHelpWithExamples) {
  for (const std::string name :
       {"run", "apply", "status", "logs", "events", "failures", "explain", "stragglers", "start", "stop", "restart", "rm", "version", "help"}) {
    const auto read = parse(name + " --help");
    ASSERT_FALSE(read) << name;
    EXPECT_EQ(read.error().exit_code, 0) << name;
    EXPECT_EQ(read.error().err, "") << name;
    EXPECT_TRUE(read.error().out.contains("Usage: steward " + name)) << read.error().out;
    EXPECT_TRUE(read.error().out.contains("Examples:\n  steward " + name)) << read.error().out;
    EXPECT_TRUE(read.error().out.ends_with('\n')) << read.error().out;
  }
}

TEST(CommandLine, TheHelpOfAllShowsEveryCommand) {
  const std::string help = parse("--help").error().out;
  for (const std::string name :
       {"run", "apply", "status", "logs", "events", "failures", "explain", "stragglers", "start", "stop", "restart", "rm", "version", "help"})
    EXPECT_TRUE(help.contains("\n  " + name + " ")) << name;
  EXPECT_FALSE(help.contains("keeper"));
  EXPECT_EQ(parse("--version").error().out, "steward " + std::string(steward_version()) + "\n");
}

}  // namespace
}  // namespace steward
