// SPDX-License-Identifier: Apache-2.0
#include "event_json.hpp"

#include "json_text.hpp"
#include "status_reader.hpp"
#include "status_writer.hpp"

#include <fmt/format.h>

#include <string>

namespace steward {
namespace {

namespace json = boost::json;

unit_event read_event(const status_reader& reader) {
  unit_event out;
  std::optional<wall_time> at;
  if (reader.required("at")) reader.instant("at", at);
  out.at = at.value_or(wall_time());
  reader.text("key", out.key);
  if (reader.reader().find("state") != nullptr) reader.name("state", row_state_from_string, out.state.emplace());
  reader.count("generation", out.generation);
  reader.count("incarnation", out.incarnation);
  read_exit(reader.reader(), out.exit);
  reader.text("error", out.error);
  reader.text("because_of", out.because_of);
  reader.instant("until", out.until);
  return out;
}

}  // namespace

json::value event_to_json(const unit_event& from) {
  return json::object{{"at", timestamp_text(from.at)},
                      {"key", nullable(from.key)},
                      {"state", from.state ? json::value(std::string(to_string(*from.state))) : json::value(nullptr)},
                      {"generation", from.generation},
                      {"incarnation", from.incarnation},
                      {"exit", exit_to_json(from.exit)},
                      {"error", nullable(from.error)},
                      {"because_of", nullable(from.because_of)},
                      {"until", nullable(from.until)}};
}

json::value event_to_json(const lost_events& from) { return json::object{{"lost", from.count}}; }

result<std::variant<unit_event, lost_events>> event_from_line(std::string_view line) {
  const auto value = parse_json(line);
  if (!value) return fail(value.error());
  if (!value->is_object()) return fail(error(fmt::format("{}; it must be an event", kind_text(*value))));
  problems found;
  const status_reader reader(value->get_object(), {}, found);
  std::variant<unit_event, lost_events> out;
  if (reader.reader().find("lost") != nullptr)
    reader.count("lost", out.emplace<lost_events>().count);
  else
    out = read_event(reader);
  if (!found.empty()) return fail(found.to_error());
  return out;
}

}  // namespace steward
