// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"

#include "steward/exit_codes.hpp"
#include "text.hpp"
#include "unit.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace steward {
namespace {

constexpr std::string_view default_database = "./steward.db";
constexpr std::string_view socket_ending = ".sock";

// Wherever a command is named, in the order of a first hour.
constexpr std::array<std::string_view, 14> commands{"run",        "apply", "status", "logs",    "events", "failures", "explain",
                                                    "stragglers", "start", "stop",   "restart", "rm",     "version",  "help"};

/// All that options are read into: CLI11 writes through references, so it stays in one place.
struct options {
  std::optional<std::string> database;
  std::optional<std::string> socket;
  std::optional<std::string> units_file;
  std::string file;
  std::string key;                // where one is enough
  std::vector<std::string> keys;  // where several are taken
  std::string topic;
  bool json = false;
  bool plan = false;
  bool follow = false;
  std::uint32_t lines = default_log_lines;
};

std::unexpected<no_invocation> shown(std::string text) {
  if (!text.ends_with('\n')) text += '\n';
  return std::unexpected(no_invocation{.exit_code = exit_codes::success, .out = std::move(text), .err = ""});
}

std::unexpected<no_invocation> wrong(std::string_view text) {
  return std::unexpected(no_invocation{.exit_code = exit_codes::wrong_use, .out = "", .err = fmt::format("steward: {}\n", text)});
}

/// The parser, and what it fills.
class grammar {
 public:
  explicit grammar(const std::optional<std::string>& socket_variable) : socket_variable_(socket_variable) {
    app_.require_subcommand(1);
    app_.get_formatter()->label("SUBCOMMAND", "COMMAND");
    app_.get_formatter()->label("REQUIRED", "");
    app_.set_help_flag("-h,--help", "Show this");
    app_.set_version_flag("--version", fmt::format("steward {}", steward_version()), "Show the version");
    app_.footer(
        "Examples:\n"
        "  steward run --apply units.toml     start the daemon here, with the units of a file\n"
        "  steward status                     what runs, and since when\n"
        "  steward logs -f web                follow what web prints\n"
        "  steward events -f                  follow what happens\n\n"
        "`steward COMMAND --help` says more about one of them.");
    add_run();
    add_apply();
    add_status();
    add_logs();
    add_events();
    add_failures();
    add_explain();
    add_stragglers();
    add_control();
    add("version", "Show the version", "  steward version");
    add("help", "Show what a command does", "  steward help apply")->add_option("COMMAND", read_.topic, "The command")->type_name("");
  }

  CLI::App& app() { return app_; }

  [[nodiscard]] std::expected<invocation, no_invocation> chosen() const {
    const CLI::App* command = app_.get_subcommands().front();
    const std::string name = command->get_name();
    if (name == "version") return version_command{};
    if (name == "help") return help();
    if (read_.database && read_.database->empty()) return wrong("the path of the database is empty; give one with --db");
    const std::string socket = socket_path();
    if (name == "run")
      return run_options{.database = read_.database.value_or(std::string(default_database)), .socket = socket, .units_file = read_.units_file};
    if (name == "apply") return apply_command{.socket = socket, .file = read_.file, .plan = read_.plan, .json = read_.json};
    if (name == "stragglers") return stragglers_command{.socket = socket, .json = read_.json};
    const auto wrong_name = std::ranges::find_if_not(read_.keys, is_unit_name);
    if (wrong_name != read_.keys.end()) return no_unit_name(*wrong_name);
    if (!read_.key.empty() && !is_unit_name(read_.key)) return no_unit_name(read_.key);
    if (name == "status")
      return status_command{.socket = socket, .key = read_.key.empty() ? std::nullopt : std::optional(read_.key), .json = read_.json};
    if (name == "explain") return explain_command{.socket = socket, .key = read_.key, .json = read_.json};
    if (name == "logs") return logs_command{.socket = socket, .key = read_.key, .follow = read_.follow, .lines = read_.lines};
    if (name == "events") return events_command{.socket = socket, .keys = read_.keys, .follow = read_.follow, .json = read_.json};
    if (name == "failures") return failures_command{.socket = socket, .keys = read_.keys, .json = read_.json};
    const api_call call = name == "start"     ? api_call::start
                          : name == "stop"    ? api_call::stop
                          : name == "restart" ? api_call::restart
                                              : api_call::remove;
    return control_command{.socket = socket, .call = call, .keys = read_.keys};
  }

 private:
  CLI::App* add(const std::string& name, const std::string& what, const std::string& examples) {
    CLI::App* command = app_.add_subcommand(name, what);
    command->group("Commands");
    if (!examples.empty()) command->footer(fmt::format("Examples:\n{}", examples));
    return command;
  }

  CLI::App* add_client(const std::string& name, const std::string& what, const std::string& examples) {
    CLI::App* command = add(name, what, examples);
    command->add_option("--socket", read_.socket, "The daemon's socket (default: beside --db, else $STEWARD_SOCKET, else ./steward.db.sock)")
        ->type_name("FILE");
    command->add_option("--db", read_.database, "The daemon's database: its socket is beside it")->type_name("FILE");
    return command;
  }

  void add_run() {
    CLI::App* run = add("run", "Run the daemon in the foreground; Ctrl-C stops everything",
                        "  steward run                                     the table is ./steward.db, made if missing\n"
                        "  steward run --apply units.toml                  apply a file as soon as the daemon is up\n"
                        "  steward run --db /var/lib/steward/steward.db --socket /run/steward.sock");
    run->add_option("--db", read_.database, "The database with the table (default: ./steward.db)")->type_name("FILE");
    run->add_option("--socket", read_.socket, "Where to listen (default: beside --db, else $STEWARD_SOCKET, else ./steward.db.sock)")
        ->type_name("FILE");
    run->add_option("--apply", read_.units_file, "A units file to apply; - reads stdin")->type_name("FILE");
  }

  void add_apply() {
    CLI::App* apply = add_client("apply", "Add and change units from a file; never removes any",
                                 "  steward apply units.toml\n"
                                 "  steward apply units.toml --plan      what would be done, without doing it\n"
                                 "  steward apply --db /var/lib/steward/steward.db /etc/steward/units.toml\n"
                                 "  generate-units | steward apply -");
    apply->add_option("FILE", read_.file, "The units file (TOML); - reads stdin")->required()->type_name("");
    CLI::Option* const plan = apply->add_flag("--plan", read_.plan, "Only tell what would start, stop and restart, in which order");
    apply->add_flag("--json", read_.json, "The plan as a JSON object")->needs(plan);
  }

  void add_status() {
    CLI::App* status = add_client("status", "Show all units, or one in full",
                                  "  steward status\n"
                                  "  steward status web\n"
                                  "  steward status --json | jq '.[] | select(.state != \"running\")'");
    status->add_option("KEY", read_.key, "One unit")->type_name("");
    status->add_flag("--json", read_.json, "As a JSON array of units");
  }

  void add_logs() {
    CLI::App* logs = add_client("logs", "Show what a unit printed",
                                "  steward logs web\n"
                                "  steward logs -f -n 20 web       the last 20 lines, then what comes, until Ctrl-C");
    logs->add_option("KEY", read_.key, "The unit")->required()->type_name("");
    logs->add_flag("-f,--follow", read_.follow, "Go on with what it prints from now on");
    logs->add_option("-n,--lines", read_.lines, fmt::format("How many lines from the end (default: {})", default_log_lines))
        ->type_name("N")
        ->check(CLI::Range(std::uint32_t{0}, largest_log_lines).description(""));
  }

  void add_events() {
    CLI::App* events = add_client("events", "Show what has happened lately: starts, ends, errors",
                                  "  steward events                  all that the daemon remembers, the oldest first\n"
                                  "  steward events -f web db        then what comes, of two units, until Ctrl-C\n"
                                  "  steward events -f --json | jq --unbuffered 'select(.exit.reason == \"failed\")'");
    events->add_option("KEY", read_.keys, "Of these units alone")->type_name("");
    events->add_flag("-f,--follow", read_.follow, "Go on with what happens from now on");
    events->add_flag("--json", read_.json, "As JSON, an object a line");
  }

  void add_failures() {
    CLI::App* failures = add_client("failures", "Show what has failed lately, and what went down because of it",
                                    "  steward failures                the latest last\n"
                                    "  steward failures web            those that web was part of\n"
                                    "  steward failures --json | jq -r '.[].text'");
    failures->add_option("KEY", read_.keys, "Those that one of these units was part of")->type_name("");
    failures->add_flag("--json", read_.json, "As a JSON array");
  }

  void add_explain() {
    CLI::App* explain = add_client("explain", "Say why a unit is not running, or not gone",
                                   "  steward explain web\n"
                                   "  steward explain web --json | jq -r .text");
    explain->add_option("KEY", read_.key, "The unit")->required()->type_name("");
    explain->add_flag("--json", read_.json, "As a JSON object");
  }

  void add_stragglers() {
    add_client("stragglers", "Show who should be gone and is not, and for how long", "  steward stragglers")
        ->add_flag("--json", read_.json, "As a JSON array");
  }

  void add_control() {
    const auto control = [this](const std::string& name, const std::string& what) {
      add_client(name, what, fmt::format("  steward {0} web\n  steward {0} web worker", name))
          ->add_option("KEY", read_.keys, "The units")
          ->required()
          ->type_name("");
    };
    control("start", "Let units run, now and after a restart of the daemon");
    control("stop", "Stop units and keep them down until they are started again");
    control("restart", "Stop units and start them again");
    control("rm", "Stop units and take them out of the table");
  }

  [[nodiscard]] std::string socket_path() const {
    if (read_.socket) return *read_.socket;
    if (!read_.database && socket_variable_ && !socket_variable_->empty()) return *socket_variable_;
    return fmt::format("{}{}", read_.database.value_or(std::string(default_database)), socket_ending);
  }

  [[nodiscard]] std::unexpected<no_invocation> help() const {
    if (read_.topic.empty()) return shown(app_.get_formatter()->make_help(&app_, app_.get_name(), CLI::AppFormatMode::Normal));
    if (std::ranges::find(commands, read_.topic) != commands.end()) return shown(app_.get_subcommand(read_.topic)->help(app_.get_name()));
    return wrong(fmt::format("unknown command {}{}", in_quotes(read_.topic), suggestion(read_.topic, commands)));
  }

  static std::unexpected<no_invocation> no_unit_name(const std::string& key) {
    return wrong(fmt::format("{} is not a unit: {}", in_quotes(key), unit_name_rule));
  }

  const std::optional<std::string>& socket_variable_;
  options read_;
  CLI::App app_{"Keeps programs running.", "steward"};
};

/// The options that a command takes, as they are typed.
std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

const CLI::App& innermost(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : *chosen.front();
}

std::string unexpected_argument(const CLI::App& app, const std::string& argument) {
  const CLI::App& command = innermost(app);
  const bool top = &command == &app;
  if (!argument.starts_with('-')) {
    if (top) return fmt::format("unknown command {}{}", in_quotes(argument), suggestion(argument, commands));
    return fmt::format("{} is one argument too many; see steward {} --help", in_quotes(argument), command.get_name());
  }
  const std::vector<std::string> names = option_names(command);
  if (std::ranges::find(names, argument) != names.end())
    return fmt::format("{0} comes after the command: steward {1} {0}", argument, command.get_name());
  const std::vector<std::string_view> known(names.begin(), names.end());
  return fmt::format("{}unknown option {}{}", top ? "" : command.get_name() + ": ", in_quotes(argument), suggestion(argument, known));
}

/// CLI11 tells an unknown command as a missing one when nothing else was given.
std::optional<std::string> first_extra(const CLI::App& app) {
  const auto extras = app.remaining(true);
  if (extras.empty()) return std::nullopt;
  return extras.front();
}

/// CLI11's words for a value that is missing, or given twice, in ours.
std::string argument_problem(const CLI::ParseError& why) {
  const std::string text = why.what();
  if (why.get_name() != "ArgumentMismatch") return printable(text);
  const std::string_view name = std::string_view(text).substr(0, text.find(':'));
  if (text.contains("At Most")) return fmt::format("{} is given more than once", printable(name));
  return text.ends_with(" missing") ? fmt::format("{} takes a value, and there is none", printable(name)) : printable(text);
}

std::unexpected<no_invocation> wrong_use(const CLI::App& app, const CLI::ParseError& why) {
  std::string text;
  if (const auto extra = first_extra(app)) {
    text = unexpected_argument(app, *extra);
  } else if (why.get_name() == "RequiredError" && &innermost(app) == &app) {
    text = fmt::format("a command is missing: one of {}; see steward --help", listed(commands));
  } else {
    const CLI::App& command = innermost(app);
    text = fmt::format("{}{}; see steward {} --help", &command == &app ? "" : command.get_name() + ": ", argument_problem(why), command.get_name());
  }
  return wrong(text);
}

}  // namespace

std::expected<invocation, no_invocation> parse_command_line(std::span<const std::string> arguments,
                                                            const std::optional<std::string>& socket_variable) {
  grammar all(socket_variable);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // CLI11 takes them from the back
  try {
    all.app().parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    return shown(all.app().help());
  } catch (const CLI::CallForVersion& version) {
    return shown(version.what());
  } catch (const CLI::ParseError& why) {
    return wrong_use(all.app(), why);
  }
  return all.chosen();
}

}  // namespace steward
