// SPDX-License-Identifier: Apache-2.0
#include "unit_decode.hpp"

#include "json_text.hpp"
#include "probe_text.hpp"
#include "steward/program/process_group.hpp"
#include "table_reader.hpp"
#include "text.hpp"
#include "unit_keys.hpp"
#include "unit_supervision.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <optional>
#include <utility>

namespace steward {
namespace {

namespace json = boost::json;

constexpr auto key_names = [] {
  std::array<std::string_view, unit_keys.size()> names;
  std::ranges::transform(unit_keys, names.begin(), &unit_key::name);
  return names;
}();
constexpr std::array<std::string_view, 2> stop_keys{"signal", "deadline"};
constexpr std::array<std::string_view, 3> ready_keys{"tcp", "http", "after"};

// The signals that ask; STOP, SEGV and the like do not.
constexpr std::array<int, 10> stop_signals{SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGKILL, SIGABRT, SIGALRM, SIGUSR1, SIGUSR2, SIGWINCH};

/// Makes a path absolute. No value, and a problem, when there is no folder to begin from.
std::optional<std::string> absolute(const std::string& path, std::string_view folder) {
  const std::filesystem::path given(path);
  if (given.is_absolute()) return path;
  if (folder.empty()) return std::nullopt;
  std::filesystem::path joined = (std::filesystem::path(folder) / given).lexically_normal();
  if (!joined.has_filename() && joined.has_parent_path()) joined = joined.parent_path();  // "." and "sub/" end without a slash
  return joined.string();
}

void decode_command(const table_reader& from, std::string_view folder, program_spec& into) {
  constexpr std::string_view wanted = "it must be an array of strings, the program and its arguments, such as [\"/bin/sleep\", \"10\"]";
  if (from.find("command") == nullptr) {
    from.add("command", fmt::format("missing; {}", wanted));
    return;
  }
  auto command = from.texts("command", wanted);
  if (!command) return;
  if (command->empty() || command->front().empty()) {
    from.add("command", command->empty() ? fmt::format("is empty; {}", wanted) : "names no program: its first string is empty");
    return;
  }
  if (std::string& program = command->front(); program.contains('/')) {
    const auto whole = absolute(program, folder);
    if (!whole) {
      from.add("command", fmt::format("{} is a relative path; it must be absolute here", in_quotes(program)));
      return;
    }
    program = *whole;
  }
  into.command = *std::move(command);
}

void decode_directory(const table_reader& from, std::string_view folder, program_spec& into) {
  const auto directory = from.text("directory", "it must be a string, the folder to run in");
  if (!directory) return;
  if (directory->empty()) {
    from.add("directory", "is empty; leave it out to run in the daemon's own, or write \".\" for the folder of this file");
    return;
  }
  if (auto whole = absolute(*directory, folder))
    into.directory = *std::move(whole);
  else
    from.add("directory", fmt::format("{} is a relative path; it must be absolute here", in_quotes(*directory)));
}

void decode_environment(const table_reader& from, program_spec& into) {
  const json::object* variables = from.table("environment", "it must be a table of strings, such as { PORT = \"8080\" }");
  if (variables == nullptr) return;
  const std::string path = from.path("environment");
  const table_reader reader(*variables, path, from.found());
  for (const auto& [key, value] : *variables) {
    const std::string_view name = view(key);
    if (name.empty() || name.contains('=') || name.contains('\0'))
      reader.add(name, "is not a name of an environment variable: it is empty or has a = or a NUL byte");
    else if (value.is_null())
      reader.add(name, "is null; it must be a string");
    else if (auto text = reader.text(name, value.is_number() ? fmt::format("it must be a string: \"{}\"", json_line(value)) : "it must be a string"))
      into.environment.insert_or_assign(std::string(name), *std::move(text));
  }
}

void decode_stop(const table_reader& from, unit_stop& into) {
  const json::object* table = from.table("stop", "it must be a table, such as { signal = \"TERM\", deadline = \"10s\" }");
  if (table == nullptr) return;
  const std::string path = from.path("stop");
  const table_reader reader(*table, path, from.found());
  reader.refuse_unknown_keys(stop_keys);
  into.deadline = reader.duration("deadline").value_or(into.deadline);
  std::array<std::string, stop_signals.size()> names;
  std::ranges::transform(stop_signals, names.begin(), signal_name);
  const std::string wanted = fmt::format("it must be one of: {}", fmt::join(names, ", "));
  const auto text = reader.text("signal", wanted);
  if (!text) return;
  const std::string_view name = text->starts_with("SIG") ? std::string_view(*text).substr(3) : std::string_view(*text);
  const auto known = std::ranges::find(names, name);
  if (known == names.end())
    reader.add("signal", fmt::format("is {}; {}", in_quotes(*text), wanted));
  else
    into.signal = stop_signals.at(static_cast<std::size_t>(known - names.begin()));
}

void decode_after(const table_reader& from, std::vector<std::string>& into) {
  auto names = from.texts("after", "it must be an array of unit names, such as [\"web\"]");
  if (!names) return;
  const std::string path = from.path("after");
  for (std::size_t i = 0; i < names->size(); ++i) {
    const std::string& name = (*names)[i];
    if (!is_unit_name(name)) from.found().add(item_path(path, i), fmt::format("is {}; {}", in_quotes(name), unit_name_rule));
    if (std::find(names->begin(), names->begin() + static_cast<std::ptrdiff_t>(i), name) != names->begin() + static_cast<std::ptrdiff_t>(i))
      from.found().add(item_path(path, i), fmt::format("names {} twice", in_quotes(name)));
  }
  into = *std::move(names);
}

template <class Probe>
void decode_probe(const table_reader& from, std::string_view key, result<Probe> (*parse)(std::string_view), readiness& into) {
  const auto text = from.text(key, "it must be a string");
  if (!text) return;
  if (auto probe = parse(*text))
    into = *std::move(probe);
  else
    from.add(key, fmt::format("{} {}", in_quotes(*text), probe.error().to_string()));
}

void decode_ready(const table_reader& from, readiness& into) {
  constexpr std::string_view wanted = "it must be one of: { tcp = \"host:port\" }, { http = \"http://host:port/\" }, { after = \"500ms\" }";
  const json::object* table = from.table("ready", wanted);
  if (table == nullptr) return;
  const std::string path = from.path("ready");
  const table_reader reader(*table, path, from.found());
  reader.refuse_unknown_keys(ready_keys);
  const auto given = std::ranges::count_if(ready_keys, [&](std::string_view key) { return reader.find(key) != nullptr; });
  if (given > 1) return from.add("ready", fmt::format("has more than one probe; {}", wanted));
  if (given == 0 && std::ranges::all_of(*table, [](const auto& each) { return each.value().is_null(); }))
    return from.add("ready", fmt::format("has no probe; {}, or leave it out", wanted));
  decode_probe(reader, "tcp", parse_tcp_probe, into);
  decode_probe(reader, "http", parse_http_probe, into);
  if (const auto delay = reader.duration("after")) into = ready_after{.delay = *delay};
}

/// The one unit that somebody has written as tables inside one another, as [unit.web.example].
struct unit_in_pieces {
  std::string name;
  std::string path;
  const json::value* value;
};

std::optional<unit_in_pieces> in_pieces(std::string_view name, std::string_view path, const json::value& value) {
  unit_in_pieces whole{.name = std::string(name), .path = std::string(path), .value = &value};
  const auto is_piece = [](const auto& member) {
    return member.value().is_object() && std::ranges::find(key_names, view(member.key())) == key_names.end();
  };
  for (const json::object* table = value.if_object(); table != nullptr && !table->contains("command"); table = whole.value->if_object()) {
    const auto* const piece = std::ranges::find_if(*table, is_piece);
    if (piece == table->end()) return std::nullopt;
    whole.name += fmt::format(".{}", view(piece->key()));
    whole.path = key_path(whole.path, view(piece->key()));
    whole.value = &piece->value();
  }
  return whole.value == &value ? std::nullopt : std::optional(std::move(whole));
}

}  // namespace

unit decode_unit(const json::value& from, std::string_view path, std::string_view folder, problems& found, const group_policies* groups) {
  unit out;
  const json::object* table = from.if_object();
  if (table == nullptr) {
    found.add(path, fmt::format("{}; it must be a table with at least a command", kind_text(from)));
    return out;
  }
  const table_reader reader(*table, path, found);
  reader.refuse_unknown_keys(key_names);
  decode_command(reader, folder, out.program);
  decode_directory(reader, folder, out.program);
  decode_environment(reader, out.program);
  decode_restart(reader, out.restart);
  decode_stop(reader, out.stop);
  out.start_deadline = reader.duration("start_deadline", false).value_or(out.start_deadline);
  out.kill_deadline = reader.duration("kill_deadline", false).value_or(out.kill_deadline);
  decode_after(reader, out.after);
  decode_requirements(reader, out.requirements);
  decode_group(reader, groups, out.group);
  decode_ready(reader, out.ready);
  return out;
}

unit_map decode_units(const json::value& from, std::string_view path, std::string_view folder, problems& found, const group_policies* groups) {
  unit_map out;
  const json::object* table = from.if_object();
  if (table == nullptr) {
    found.add(path, fmt::format("{}; it must be a table of units", kind_text(from)));
    return out;
  }
  for (const auto& member : *table) {
    const std::string_view name = view(member.key());
    const std::string unit_path = key_path(path, name);
    if (const auto whole = groups != nullptr ? in_pieces(name, unit_path, member.value()) : std::nullopt) {
      found.add(whole->path, fmt::format("a name with dots stands in quotes: [unit.{}]", in_quotes(whole->name)));
      out.insert_or_assign(whole->name, decode_unit(*whole->value, whole->path, folder, found, groups));
      continue;
    }
    if (!is_unit_name(name)) found.add(unit_path, fmt::format("not a name: {}", unit_name_rule));
    unit read = decode_unit(member.value(), unit_path, folder, found, groups);
    // What is sent is refused as a whole, and may be nothing but mistakes. A file is looked at further, for which all its names are needed.
    if (groups != nullptr || found.empty()) out.insert_or_assign(std::string(name), std::move(read));
  }
  return out;
}

}  // namespace steward
