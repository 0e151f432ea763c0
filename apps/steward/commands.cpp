// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "client.hpp"
#include "event_text.hpp"
#include "explain_json.hpp"
#include "explain_text.hpp"
#include "failures.hpp"
#include "failures_json.hpp"
#include "failures_text.hpp"
#include "json_text.hpp"
#include "status_json.hpp"
#include "status_text.hpp"
#include "steward/exit_codes.hpp"
#include "text.hpp"
#include "unit_json.hpp"
#include "unit_toml.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <deque>
#include <exception>
#include <iostream>
#include <span>
#include <system_error>

namespace steward {
namespace {

/// Tells one error in as many lines as it has causes, the first of them under the program's name.
int tell(const command_surroundings& around, const error& why, int exit_code = exit_codes::failed) {
  around.err << "steward: " << why.to_tree();
  return exit_code;
}

/// Mistakes in a file stand in lines of their own, as compilers write them, so that editors find the place.
int tell_mistakes(const command_surroundings& around, const error& why) {
  around.err << why.to_tree();
  return exit_codes::wrong_use;
}

text_style style_of(const command_surroundings& around) {
  return {.width = around.style.terminal ? around.style.width : 0, .colour = around.style.terminal && around.style.colour};
}

constexpr std::size_t most_listed = 100;

/// The names as far as somebody reads them.
std::string listed_names(const std::vector<std::string>& names) {
  const std::span shown = std::span(names).first(std::min(names.size(), most_listed));
  const std::string rest = names.size() > most_listed ? fmt::format(", and {} more", names.size() - most_listed) : "";
  return fmt::format("{}{}", fmt::join(shown, ", "), rest);
}

/// The units that the daemon has. What they come after is its own to check: it knows, and the answer would be old by then.
known_units known_to(const daemon_status& status) {
  known_units known;
  for (const unit_status& each : status.units) known.emplace(each.key, std::vector<std::string>());
  return known;
}

int show_plan(const result<plan_answer>& plan, bool as_json, const command_surroundings& around) {
  if (!plan) return tell(around, plan.error());
  if (as_json)
    around.out << json_pretty(answer_to_json(*plan)) << '\n';
  else
    around.out << plan_text(*plan);
  return exit_codes::success;
}

int run(const apply_command& what, const command_surroundings& around) {
  const auto file = read_units_file(what.file);
  if (!file) return tell(around, file.error(), exit_codes::wrong_use);
  units_source source{.file = file->name, .folder = file->folder};
  if (const auto alone = parse_units(file->text, source); !alone) return tell_mistakes(around, alone.error());

  const api_client client(what.socket);
  const auto version = client.version();
  if (!version) return tell(around, version.error());
  const auto status = client.status();
  if (!status) return tell(around, status.error());
  const known_units known = known_to(*status);
  const executable_lookup programs{.look = look_on_disk, .search_path = version->search_path};
  source.known = &known;
  source.programs = &programs;
  const auto units = parse_units(file->text, source);
  if (!units) return tell_mistakes(around, units.error());

  if (const std::size_t size = units_to_body(*units).size(); size > largest_body)
    return tell(around,
                error(fmt::format("{}: its units take {} bytes to send, and the daemon takes at most {} at a time; apply them in parts, as several "
                                  "files: an apply never removes units",
                                  printable(file->name), size, largest_body)));

  if (what.plan) return show_plan(client.plan(*units), what.json, around);
  const auto answer = client.apply(*units);
  if (!answer) return tell(around, answer.error());
  if (!answer->added.empty()) around.out << "added: " << listed_names(answer->added) << '\n';
  if (!answer->changed.empty()) around.out << "changed: " << listed_names(answer->changed) << '\n';
  if (answer->added.empty() && answer->changed.empty()) around.out << "nothing to change\n";
  return exit_codes::success;
}

int show_one(const status_command& what, const command_surroundings& around) {
  const auto status = api_client(what.socket).status_of(*what.key);
  if (!status) return tell(around, status.error());
  if (what.json)
    around.out << json_pretty(boost::json::array{status_to_json(*status)}) << '\n';
  else
    around.out << status_sheet(*status, around.now(), style_of(around));
  return exit_codes::success;
}

int run(const status_command& what, const command_surroundings& around) {
  if (what.key) return show_one(what, around);
  const auto status = api_client(what.socket).status();
  if (!status) return tell(around, status.error());
  if (const std::string warning = table_warning(*status, around.now()); !warning.empty()) around.err << "steward: " << warning;
  if (what.json) {
    boost::json::array units;
    for (const unit_status& each : status->units) units.push_back(status_to_json(each));
    around.out << json_pretty(units) << '\n';
  } else if (status->units.empty()) {
    around.out << "no units; add some with: steward apply FILE\n";
  } else {
    around.out << status_table(status->units, around.now(), style_of(around));
  }
  return exit_codes::success;
}

int run(const explain_command& what, const command_surroundings& around) {
  const auto why = api_client(what.socket).explain(what.key);
  if (!why) return tell(around, why.error());
  if (what.json)
    around.out << json_pretty(explanation_to_json(*why)) << '\n';
  else
    around.out << explanation_sheet(*why, around.now());
  return exit_codes::success;
}

int run(const stragglers_command& what, const command_surroundings& around) {
  const auto all = api_client(what.socket).stragglers();
  if (!all) return tell(around, all.error());
  if (what.json)
    around.out << json_pretty(stragglers_to_json(*all).at("stragglers")) << '\n';
  else
    around.out << straggler_table(*all, around.now());
  return exit_codes::success;
}

int run(const control_command& what, const command_surroundings& around) {
  const api_client client(what.socket);
  // Whether a daemon is there that answers: a stop waits for any time, and one that is not there need not be told for each unit.
  if (const auto there = client.version(); !there) return tell(around, there.error());
  int exit_code = exit_codes::success;
  for (const std::string& key : what.keys) {
    const auto answer = client.control(what.call, key);
    if (answer)
      around.out << printable(answer->message) << std::endl;  // at once: the next one may take long
    else
      exit_code = tell(around, what.keys.size() == 1 ? answer.error() : error(fmt::format("{}: {}", key, answer.error().to_string())));
  }
  return exit_code;
}

int run(const logs_command& what, const command_surroundings& around) {
  const api_request request{.call = api_call::logs, .key = what.key, .follow = what.follow, .lines = what.lines};
  const auto read = api_client(what.socket).follow(request, [&](std::string_view piece) { around.out << piece << std::flush; });
  return read ? exit_codes::success : tell(around, read.error());
}

error no_event(const error& why) { return error(fmt::format("an event of the daemon is {}", why.to_string())); }

int run(const events_command& what, const command_surroundings& around) {
  const api_request request{.call = api_call::events, .key = {}, .follow = what.follow, .keys = what.keys};
  int exit_code = exit_codes::success;
  const auto show = [&](std::string_view line) {
    const auto event = event_from_line(line);
    if (!event)
      exit_code = tell(around, no_event(event.error()));
    else if (what.json)
      around.out << line << std::endl;  // at once: the next one may take long
    else
      around.out << std::visit([](const auto& each) { return event_line(each); }, *event) << std::flush;
  };
  const auto read = api_client(what.socket).follow_lines(request, show);
  return read ? exit_code : tell(around, read.error());
}

int run(const failures_command& what, const command_surroundings& around) {
  const api_client client(what.socket);
  std::deque<unit_event> events;
  result<void> understood;
  const auto keep = [&](std::string_view line) {
    auto event = event_from_line(line);
    if (!event) understood = fail(no_event(event.error()));
    if (event && std::holds_alternative<unit_event>(*event)) events.push_back(std::get<unit_event>(std::move(*event)));
  };
  if (const auto read = client.follow_lines({.call = api_call::events, .key = {}}, keep); !read) return tell(around, read.error());
  if (!understood) return tell(around, understood.error());
  for (const std::string& key : what.keys)  // of one that is gone there may still be events
    if (std::ranges::find(events, key, &unit_event::key) == events.end())
      if (const auto known = client.status_of(key); !known) return tell(around, known.error());
  auto failures = failures_in(events);
  std::erase_if(failures, [&](const unit_failure& each) { return !concerns(each, what.keys); });
  if (what.json)
    around.out << json_pretty(failures_to_json(failures)) << '\n';
  else
    around.out << failures_text(failures, around.now());
  return exit_codes::success;
}

int run(const version_command&, const command_surroundings& around) {
  around.out << "steward " << steward_version() << '\n';
  return exit_codes::success;
}

int run(const run_options& what, const command_surroundings& around) {
  if (const auto usable = check_socket_path(what.socket); !usable) return tell(around, usable.error());
  return around.run(what);
}

}  // namespace

int carry_out(const invocation& what, const command_surroundings& around) {
  return std::visit([&](const auto& each) { return run(each, around); }, what);
}

int command_main(int argc, const char* const* argv, std::function<int(const run_options&)> run_it) {
  try {
    // A disk that is full ends a command at once, also one that would go on for ever.
    std::cout.exceptions(std::ios::badbit | std::ios::failbit);
    const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    const char* variable = std::getenv("STEWARD_SOCKET");  // NOLINT(concurrency-mt-unsafe): nothing here sets the environment
    const auto read = parse_command_line(arguments, variable != nullptr ? std::optional<std::string>(variable) : std::nullopt);
    if (!read) {
      std::cout << read.error().out << std::flush;
      std::cerr << read.error().err;
      return read.error().exit_code;
    }
    const command_surroundings around{
        .out = std::cout, .err = std::cerr, .style = style_of_terminal(STDOUT_FILENO), .now = wall_now, .run = std::move(run_it)};
    const int exit_code = carry_out(*read, around);
    std::cout.flush();
    return exit_code;
  } catch (const std::ios_base::failure&) {
    const int why = errno;
    std::cout.exceptions(std::ios::goodbit);  // who writes on stderr flushes it once more
    std::cerr << fmt::format("steward: cannot write the output: {}\n", std::generic_category().message(why));
    return exit_codes::failed;
  } catch (const std::exception& unexpected) {
    std::cerr << "steward: " << printable(unexpected.what()) << '\n';
    return exit_codes::failed;
  }
}

}  // namespace steward
