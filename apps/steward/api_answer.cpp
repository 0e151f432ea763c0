// SPDX-License-Identifier: Apache-2.0
//
// The answers of the interface as JSON, both ways.
#include "api.hpp"
#include "json_text.hpp"
#include "status_reader.hpp"
#include "status_writer.hpp"

#include <limits>

namespace steward {
namespace {

namespace json = boost::json;

/// Reads an answer by `read`, which puts what is wrong among the problems.
template <class Answer, class Read>
result<Answer> read_answer(const json::value& from, Read read) {
  if (!from.is_object()) return fail(error("the answer is not a JSON object"));
  problems found;
  const table_reader reader(from.get_object(), {}, found);
  Answer out;
  read(reader, out);
  if (!found.empty()) return fail(found.to_error());
  return out;
}

void read_apply(const table_reader& reader, apply_answer& out) {
  constexpr std::string_view wanted = "it must be an array of names";
  out.added = reader.texts("added", wanted).value_or(std::vector<std::string>());
  out.changed = reader.texts("changed", wanted).value_or(std::vector<std::string>());
  out.unchanged = reader.texts("unchanged", wanted).value_or(std::vector<std::string>());
}

planned<std::string> read_step(const json::value& from, const std::string& path, problems& found) {
  planned<std::string> out;
  if (!from.is_object()) {
    found.add(path, "must be a step of a plan");
    return out;
  }
  const status_reader reader(from.get_object(), path, found);
  reader.required_text("key", out.key);
  reader.name("action", plan_action_from_string, out.action);
  reader.text("because_of", out.because_of);
  reader.names("waiting_for", out.waiting_for);
  return out;
}

}  // namespace

json::value answer_to_json(const version_answer& from) {
  return json::object{{"version", from.version}, {"api", from.api}, {"pid", from.pid}, {"search_path", from.search_path}};
}

json::value answer_to_json(const apply_answer& from) {
  return json::object{{"added", names_to_json(from.added)}, {"changed", names_to_json(from.changed)}, {"unchanged", names_to_json(from.unchanged)}};
}

json::value answer_to_json(const plan_answer& from) {
  json::array steps;
  for (const auto& each : from.steps)
    steps.push_back(json::object{{"key", each.key},
                                 {"action", std::string(to_string(each.action))},
                                 {"because_of", nullable(each.because_of)},
                                 {"waiting_for", names_to_json(each.waiting_for)}});
  json::object out = answer_to_json(from.units).get_object();
  out.emplace("steps", std::move(steps));
  return out;
}

json::value answer_to_json(const control_answer& from) {
  return json::object{{"key", from.key}, {"changed", from.changed}, {"message", from.message}};
}

result<version_answer> version_answer_from_json(const json::value& from) {
  return read_answer<version_answer>(from, [](const table_reader& reader, version_answer& out) {
    constexpr std::int64_t largest = std::numeric_limits<int>::max();
    out.version = reader.text("version", wanted_text).value_or("");
    out.api = static_cast<int>(std::min(largest, reader.integer("api", 1, "it must be an integer from 1").value_or(1)));
    out.pid = static_cast<int>(std::min(largest, reader.integer("pid", 0, "it must be a process id").value_or(0)));
    out.search_path = reader.text("search_path", wanted_text).value_or("");
  });
}

result<apply_answer> apply_answer_from_json(const json::value& from) { return read_answer<apply_answer>(from, read_apply); }

result<plan_answer> plan_answer_from_json(const json::value& from) {
  return read_answer<plan_answer>(from, [](const table_reader& reader, plan_answer& out) {
    read_apply(reader, out.units);
    const json::value* steps = reader.find("steps");
    if (steps == nullptr || !steps->is_array()) return reader.add("steps", "must be an array");
    const std::string path = reader.path("steps");
    for (const json::value& each : steps->get_array()) out.steps.push_back(read_step(each, item_path(path, out.steps.size()), reader.found()));
  });
}

result<control_answer> control_answer_from_json(const json::value& from) {
  return read_answer<control_answer>(from, [](const table_reader& reader, control_answer& out) {
    out.key = reader.text("key", wanted_text).value_or("");
    const json::value* changed = reader.find("changed");
    if (changed == nullptr || !changed->is_bool())
      reader.add("changed", "must be a boolean");
    else
      out.changed = changed->get_bool();
    out.message = reader.text("message", wanted_text).value_or("");
  });
}

std::string error_body(std::string_view text) { return json_line(json::object{{"error", json::string_view(text.data(), text.size())}}); }

std::string_view steward_version() noexcept {
#ifdef STEWARD_VERSION
  return STEWARD_VERSION;
#else
  return "unversioned";
#endif
}

}  // namespace steward
