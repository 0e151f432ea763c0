// SPDX-License-Identifier: Apache-2.0
#include "status_json.hpp"

#include "steward/program/process_group.hpp"
#include "table_reader.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <limits>

namespace steward {
namespace {

namespace json = boost::json;

constexpr std::string_view wanted_text = "it must be a string";
constexpr std::string_view wanted_count = "it must be an integer from 0";
constexpr std::string_view wanted_instant = "it must be an instant as a string";

template <class T>
json::value nullable(const std::optional<T>& from) {
  if (!from) return nullptr;
  return json::value(*from);
}

json::value nullable(const std::optional<wall_time>& from) {
  if (!from) return nullptr;
  return json::value(timestamp_text(*from));
}

json::value nullable_signal(const std::optional<int>& from) {
  if (!from) return nullptr;
  return json::value(signal_name(*from));
}

json::value exit_to_json(const unit_exit& from) {
  return json::object{{"reason", std::string(to_string(from.reason))},
                      {"error", nullable(from.error)},
                      {"code", nullable(from.code)},
                      {"signal", nullable_signal(from.signal)},
                      {"started_at", nullable(from.started_at)},
                      {"ready_at", nullable(from.ready_at)},
                      {"ended_at", nullable(from.ended_at)}};
}

/// Reads the keys of a status, each into its field. A key that must be there and is not is a problem.
class status_reader {
 public:
  status_reader(const json::object& table, std::string_view path, problems& found) : reader_(table, path, found) {}

  [[nodiscard]] const table_reader& reader() const { return reader_; }

  bool required(std::string_view key) const {
    if (reader_.find(key) != nullptr) return true;
    reader_.add(key, "missing");
    return false;
  }

  void text(std::string_view key, std::optional<std::string>& into) const { into = reader_.text(key, wanted_text); }

  void count(std::string_view key, std::uint64_t& into) const {
    if (required(key)) into = static_cast<std::uint64_t>(reader_.integer(key, 0, wanted_count).value_or(0));
  }

  void small(std::string_view key, std::optional<int>& into) const {
    const auto read = reader_.integer(key, std::numeric_limits<int>::min(), "it must be an integer");
    if (read && *read > std::numeric_limits<int>::max())
      reader_.add(key, "is out of range");
    else if (read)
      into = static_cast<int>(*read);
  }

  void instant(std::string_view key, std::optional<wall_time>& into) const {
    const auto text = reader_.text(key, wanted_instant);
    if (!text) return;
    if (const auto read = parse_timestamp(*text))
      into = *read;
    else
      reader_.add(key, read.error().to_string());
  }

  void signal(std::string_view key, std::optional<int>& into) const {
    const auto name = reader_.text(key, "it must be the name of a signal");
    if (!name) return;
    into = signal_from_string(*name);
    if (!into) reader_.add(key, fmt::format("{} is not the name of a signal", in_quotes(*name)));
  }

  template <class Enum>
  void name(std::string_view key, std::optional<Enum> (*parse)(std::string_view) noexcept, Enum& into) const {
    if (!required(key)) return;
    const auto text = reader_.text(key, wanted_text);
    if (!text) return;
    if (const auto read = parse(*text))
      into = *read;
    else
      reader_.add(key, fmt::format("{} is not known here", in_quotes(*text)));
  }

 private:
  table_reader reader_;
};

void read_exit(const json::object& from, std::string_view path, unit_exit& into, problems& found) {
  const status_reader reader(from, path, found);
  reader.name("reason", exit_reason_from_string, into.reason);
  reader.text("error", into.error);
  reader.small("code", into.code);
  reader.signal("signal", into.signal);
  reader.instant("started_at", into.started_at);
  reader.instant("ready_at", into.ready_at);
  reader.instant("ended_at", into.ended_at);
}

unit_status read_unit(const json::value& from, std::string_view path, problems& found) {
  unit_status out;
  if (!from.is_object()) {
    found.add(path, fmt::format("{}; it must be the status of a unit", kind_text(from)));
    return out;
  }
  const status_reader reader(from.get_object(), path, found);
  if (reader.required("key")) out.key = reader.reader().text("key", wanted_text).value_or("");
  reader.name("state", row_state_from_string, out.state);
  reader.small("pid", out.pid);
  reader.count("incarnation", out.incarnation);
  reader.count("restarts", out.restarts);
  reader.count("generation", out.generation);
  std::optional<wall_time> since;
  if (reader.required("since")) reader.instant("since", since);
  out.since = since.value_or(wall_time());
  out.waiting_for = reader.reader().texts("waiting_for", "it must be an array of unit names").value_or(std::vector<std::string>());
  reader.instant("next_start_at", out.next_start_at);
  reader.text("error", out.error);
  if (const auto* exit = reader.reader().table("exit", "it must be how it ended")) {
    out.exit.emplace();
    read_exit(*exit, reader.reader().path("exit"), *out.exit, found);
  }
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
  json::array waiting_for;
  for (const std::string& key : from.waiting_for) waiting_for.emplace_back(key);
  json::object out;
  out.emplace("key", from.key);
  out.emplace("state", std::string(to_string(from.state)));
  out.emplace("pid", nullable(from.pid));
  out.emplace("incarnation", from.incarnation);
  out.emplace("restarts", from.restarts);
  out.emplace("generation", from.generation);
  out.emplace("since", timestamp_text(from.since));
  out.emplace("exit", from.exit ? exit_to_json(*from.exit) : json::value(nullptr));
  out.emplace("waiting_for", std::move(waiting_for));
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
  if (reader.required("node")) out.node = reader.reader().text("node", wanted_text).value_or("");
  std::optional<int> pid;
  if (reader.required("pid")) reader.small("pid", pid);
  out.pid = pid.value_or(0);
  std::optional<wall_time> since;
  if (reader.required("since")) reader.instant("since", since);
  out.since = since.value_or(wall_time());
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
