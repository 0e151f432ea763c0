// SPDX-License-Identifier: Apache-2.0
#include "unit_json.hpp"

#include "duration_text.hpp"
#include "json_text.hpp"
#include "probe_text.hpp"
#include "steward/program/process_group.hpp"
#include "table_reader.hpp"

#include <array>

namespace steward {
namespace {

namespace json = boost::json;

json::value ready_to_json(const readiness& ready) {
  struct encoder {
    json::value operator()(const ready_at_once&) const { return nullptr; }
    json::value operator()(const ready_by_tcp& probe) const { return json::object{{"tcp", probe_text(probe)}}; }
    json::value operator()(const ready_by_http& probe) const { return json::object{{"http", probe_text(probe)}}; }
    json::value operator()(const ready_after& probe) const { return json::object{{"after", duration_text(probe.delay)}}; }
  };
  return std::visit(encoder(), ready);
}

json::array texts_to_json(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

}  // namespace

json::value unit_to_json(const unit& from) {
  json::object environment;
  for (const auto& [name, value] : from.program.environment) environment.emplace(name, value);
  json::object out;
  out.emplace("command", texts_to_json(from.program.command));
  out.emplace("directory", from.program.directory.empty() ? json::value(nullptr) : json::value(from.program.directory));
  out.emplace("environment", std::move(environment));
  out.emplace("restart", std::string(to_string(from.restart.when)));
  out.emplace("backoff", backoff_to_json(from.restart.delays));
  out.emplace("stop", json::object{{"signal", signal_name(from.stop.signal)}, {"deadline", duration_text(from.stop.deadline)}});
  out.emplace("start_deadline", duration_text(from.start_deadline));
  out.emplace("after", texts_to_json(from.after));
  out.emplace("ready", ready_to_json(from.ready));
  // Keys that came later are only written where they say something: rows of older databases, and what a keeper remembers, stay equal to themselves.
  if (from.restart.budget) out.emplace("budget", budget_to_json(*from.restart.budget));
  if (from.kill_deadline != unit().kill_deadline) out.emplace("kill_deadline", duration_text(from.kill_deadline));
  if (!from.requirements.empty()) out.emplace("requires", requirements_to_json(from.requirements));
  if (from.group) out.emplace("group", group_to_json(*from.group));
  return out;
}

std::string unit_to_row(const unit& from) { return json_line(unit_to_json(from)); }

result<unit> unit_from_json(const json::value& from) {
  problems found;
  unit out = decode_unit(from, {}, {}, found);
  if (!found.empty()) return fail(found.to_error());
  return out;
}

result<unit> unit_from_row(std::string_view text) {
  const auto value = parse_json(text);
  if (!value) return fail(value.error());
  return unit_from_json(*value);
}

std::string units_to_body(const unit_map& units) {
  json::object members;
  for (const auto& [name, each] : units) members.emplace(name, unit_to_json(each));
  return json_line(json::object{{"units", std::move(members)}});
}

result<unit_map> units_from_body(std::string_view text) {
  constexpr std::array<std::string_view, 1> body_keys{"units"};
  const auto value = parse_json(text);
  if (!value) return fail(value.error());
  problems found;
  const json::object* body = value->if_object();
  const json::value* units = body == nullptr ? nullptr : body->if_contains("units");
  if (body != nullptr) table_reader(*body, {}, found).refuse_unknown_keys(body_keys);
  if (units == nullptr) found.add({}, "the body must be an object with units: {\"units\": {\"NAME\": {\"command\": [...]}}}");
  unit_map out = units == nullptr ? unit_map() : decode_units(*units, "units", {}, found);
  if (!found.empty()) return fail(found.to_error());
  return out;
}

}  // namespace steward
