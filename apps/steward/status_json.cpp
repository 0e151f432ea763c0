// SPDX-License-Identifier: Apache-2.0
#include "status_json.hpp"

#include "status_reader.hpp"
#include "status_writer.hpp"

#include <fmt/format.h>

namespace steward {
namespace {

namespace json = boost::json;

unit_status read_unit(const json::value& from, std::string_view path, problems& found) {
  unit_status out;
  if (!from.is_object()) {
    found.add(path, fmt::format("{}; it must be the status of a unit", kind_text(from)));
    return out;
  }
  const status_reader reader(from.get_object(), path, found);
  reader.required_text("key", out.key);
  reader.name("state", row_state_from_string, out.state);
  reader.small("pid", out.pid);
  reader.count("incarnation", out.incarnation);
  reader.count("restarts", out.restarts);
  reader.count("generation", out.generation);
  reader.since(out.since);
  reader.names("waiting_for", out.waiting_for);
  reader.names("missing", out.missing);
  reader.instant("next_start_at", out.next_start_at);
  reader.text("error", out.error);
  read_exit(reader.reader(), out.exit);
  return out;
}

void read_units(const table_reader& from, daemon_status& into) {
  const json::value* units = from.find("units");
  if (units == nullptr || !units->is_array()) return from.add("units", units == nullptr ? "missing" : "must be an array");
  const std::string path = from.path("units");
  std::size_t index = 0;
  for (const json::value& each : units->get_array()) into.units.push_back(read_unit(each, item_path(path, index++), from.found()));
}

}  // namespace

json::value status_to_json(const unit_status& from) {
  json::object out;
  out.emplace("key", from.key);
  out.emplace("state", std::string(to_string(from.state)));
  out.emplace("pid", nullable(from.pid));
  out.emplace("incarnation", from.incarnation);
  out.emplace("restarts", from.restarts);
  out.emplace("generation", from.generation);
  out.emplace("since", timestamp_text(from.since));
  out.emplace("exit", exit_to_json(from.exit));
  out.emplace("waiting_for", names_to_json(from.waiting_for));
  out.emplace("missing", names_to_json(from.missing));
  out.emplace("next_start_at", nullable(from.next_start_at));
  out.emplace("error", nullable(from.error));
  return out;
}

json::value status_to_json(const daemon_status& from) {
  json::array units;
  for (const unit_status& each : from.units) units.push_back(status_to_json(each));
  json::object out;
  out.emplace("node", from.node);
  out.emplace("pid", from.pid);
  out.emplace("since", timestamp_text(from.since));
  out.emplace("table", json::object{{"unreadable_since", nullable(from.table_unreadable_since)}, {"error", nullable(from.table_error)}});
  out.emplace("units", std::move(units));
  return out;
}

result<unit_status> unit_status_from_json(const json::value& from) {
  problems found;
  unit_status out = read_unit(from, {}, found);
  if (!found.empty()) return fail(found.to_error());
  return out;
}

result<daemon_status> daemon_status_from_json(const json::value& from) {
  if (!from.is_object()) return fail(error(fmt::format("{}; it must be the status of a daemon", kind_text(from))));
  problems found;
  daemon_status out;
  const status_reader reader(from.get_object(), {}, found);
  reader.required_text("node", out.node);
  std::optional<int> pid;
  if (reader.required("pid")) reader.small("pid", pid);
  out.pid = pid.value_or(0);
  reader.since(out.since);
  if (const auto* table = reader.reader().table("table", "it must be the state of the table")) {
    const std::string path = reader.reader().path("table");
    const status_reader inner(*table, path, found);
    inner.instant("unreadable_since", out.table_unreadable_since);
    inner.text("error", out.table_error);
  }
  read_units(reader.reader(), out);
  if (!found.empty()) return fail(found.to_error());
  return out;
}

}  // namespace steward
