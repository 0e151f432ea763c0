// SPDX-License-Identifier: Apache-2.0
#include "explain_json.hpp"

#include "explain_text.hpp"
#include "status_reader.hpp"
#include "status_writer.hpp"

#include <fmt/format.h>

namespace steward {
namespace {

namespace json = boost::json;

unit_straggler read_straggler(const json::value& from, const std::string& path, problems& found) {
  unit_straggler out;
  if (!from.is_object()) {
    found.add(path, fmt::format("{}; it must be a straggler", kind_text(from)));
    return out;
  }
  const status_reader reader(from.get_object(), path, found);
  reader.required_text("key", out.key);
  reader.small("pid", out.pid);
  reader.count("incarnation", out.incarnation);
  reader.since(out.since);
  reader.name("at", obstacle_from_string, out.at);
  return out;
}

}  // namespace

json::value explanation_to_json(const unit_explanation& from) {
  json::object out;
  out.emplace("key", from.key);
  out.emplace("state", std::string(to_string(from.state)));
  out.emplace("why", std::string(to_string(from.why)));
  out.emplace("text", why_text(from));
  out.emplace("since", timestamp_text(from.since));
  out.emplace("until", nullable(from.until));
  out.emplace("waiting_for", names_to_json(from.waiting_for));
  out.emplace("missing", names_to_json(from.missing));
  out.emplace("cycle", names_to_json(from.cycle));
  out.emplace("because_of", nullable(from.because_of));
  out.emplace("root_cause", nullable(from.root_cause));
  out.emplace("exit", exit_to_json(from.exit));
  out.emplace("error", nullable(from.error));
  return out;
}

json::value stragglers_to_json(const std::vector<unit_straggler>& from) {
  json::array all;
  for (const unit_straggler& each : from)
    all.push_back(json::object{{"key", each.key},
                               {"pid", nullable(each.pid)},
                               {"incarnation", each.incarnation},
                               {"since", timestamp_text(each.since)},
                               {"at", std::string(to_string(each.at))}});
  return json::object{{"stragglers", std::move(all)}};
}

result<unit_explanation> explanation_from_json(const json::value& from) {
  if (!from.is_object()) return fail(error(fmt::format("{}; it must be an explanation", kind_text(from))));
  problems found;
  unit_explanation out;
  const status_reader reader(from.get_object(), {}, found);
  reader.required_text("key", out.key);
  reader.name("state", row_state_from_string, out.state);
  reader.name("why", obstacle_from_string, out.why);
  reader.since(out.since);
  reader.instant("until", out.until);
  reader.names("waiting_for", out.waiting_for);
  reader.names("missing", out.missing);
  reader.names("cycle", out.cycle);
  reader.text("because_of", out.because_of);
  reader.text("root_cause", out.root_cause);
  read_exit(reader.reader(), out.exit);
  reader.text("error", out.error);
  if (!found.empty()) return fail(found.to_error());
  return out;
}

result<std::vector<unit_straggler>> stragglers_from_json(const json::value& from) {
  const json::object* object = from.if_object();
  const json::value* all = object != nullptr ? object->if_contains("stragglers") : nullptr;
  if (all == nullptr || !all->is_array()) return fail(error("stragglers: must be an array"));
  problems found;
  std::vector<unit_straggler> out;
  for (const json::value& each : all->get_array()) out.push_back(read_straggler(each, item_path("stragglers", out.size()), found));
  if (!found.empty()) return fail(found.to_error());
  return out;
}

}  // namespace steward
