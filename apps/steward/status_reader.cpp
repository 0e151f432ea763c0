// SPDX-License-Identifier: Apache-2.0
#include "status_reader.hpp"

#include "steward/program/process_group.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <limits>

namespace steward {

namespace json = boost::json;

bool status_reader::required(std::string_view key) const {
  if (reader_.find(key) != nullptr) return true;
  reader_.add(key, "missing");
  return false;
}

void status_reader::required_text(std::string_view key, std::string& into) const {
  if (required(key)) into = reader_.text(key, wanted_text).value_or("");
}

void status_reader::names(std::string_view key, std::vector<std::string>& into) const {
  into = reader_.texts(key, "it must be an array of unit names").value_or(std::vector<std::string>());
}

void status_reader::count(std::string_view key, std::uint64_t& into) const {
  if (required(key)) into = static_cast<std::uint64_t>(reader_.integer(key, 0, "it must be an integer from 0").value_or(0));
}

void status_reader::small(std::string_view key, std::optional<int>& into) const {
  constexpr std::int64_t largest = std::numeric_limits<int>::max();
  const auto read = reader_.integer(key, std::numeric_limits<int>::min(), "it must be an integer", largest);
  if (read) into = static_cast<int>(*read);
}

void status_reader::instant(std::string_view key, std::optional<wall_time>& into) const {
  const auto text = reader_.text(key, "it must be an instant as a string");
  if (!text) return;
  if (const auto read = parse_timestamp(*text))
    into = *read;
  else
    reader_.add(key, read.error().to_string());
}

void status_reader::since(wall_time& into) const {
  std::optional<wall_time> read;
  if (required("since")) instant("since", read);
  into = read.value_or(wall_time());
}

void status_reader::signal(std::string_view key, std::optional<int>& into) const {
  const auto name = reader_.text(key, "it must be the name of a signal");
  if (!name) return;
  into = signal_from_string(*name);
  if (!into) reader_.add(key, fmt::format("{} is not the name of a signal", in_quotes(*name)));
}

void status_reader::refuse_name(std::string_view key, std::string_view text) const {
  reader_.add(key, fmt::format("{} is not known here", in_quotes(text)));
}

void read_exit(const table_reader& from, std::optional<unit_exit>& into) {
  const json::object* table = from.table("exit", "it must be how it ended");
  if (table == nullptr) return;
  const std::string path = from.path("exit");
  const status_reader reader(*table, path, from.found());
  unit_exit& exit = into.emplace();
  reader.name("reason", exit_reason_from_string, exit.reason);
  reader.text("error", exit.error);
  reader.small("code", exit.code);
  reader.signal("signal", exit.signal);
  reader.instant("started_at", exit.started_at);
  reader.instant("ready_at", exit.ready_at);
  reader.instant("ended_at", exit.ended_at);
}

}  // namespace steward
