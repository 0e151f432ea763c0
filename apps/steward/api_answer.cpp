// SPDX-License-Identifier: Apache-2.0
//
// The answers of the interface as JSON, both ways.
#include "api.hpp"
#include "json_text.hpp"
#include "table_reader.hpp"

#include <limits>

namespace steward {
namespace {

namespace json = boost::json;

constexpr std::string_view wanted_text = "it must be a string";

json::array names_to_json(const std::vector<std::string>& names) {
  json::array out;
  for (const std::string& name : names) out.emplace_back(name);
  return out;
}

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

}  // namespace

json::value answer_to_json(const version_answer& from) {
  return json::object{{"version", from.version}, {"api", from.api}, {"pid", from.pid}, {"search_path", from.search_path}};
}

json::value answer_to_json(const apply_answer& from) {
  return json::object{{"added", names_to_json(from.added)}, {"changed", names_to_json(from.changed)}, {"unchanged", names_to_json(from.unchanged)}};
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

result<apply_answer> apply_answer_from_json(const json::value& from) {
  return read_answer<apply_answer>(from, [](const table_reader& reader, apply_answer& out) {
    constexpr std::string_view wanted = "it must be an array of names";
    out.added = reader.texts("added", wanted).value_or(std::vector<std::string>());
    out.changed = reader.texts("changed", wanted).value_or(std::vector<std::string>());
    out.unchanged = reader.texts("unchanged", wanted).value_or(std::vector<std::string>());
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
