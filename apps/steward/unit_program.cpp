// SPDX-License-Identifier: Apache-2.0
#include "unit_program.hpp"

#include "duration_text.hpp"
#include "json_text.hpp"
#include "unit_json.hpp"
#include "unit_keys.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace steward {
namespace {

constexpr const char* incarnation_key = "incarnation";
constexpr const char* noted_key = "unit";
constexpr std::string_view stop_key = "stop";

std::optional<boost::json::value> unit_in(std::string_view note) {
  const auto parsed = parse_json(note);
  const auto* object = parsed ? parsed->if_object() : nullptr;
  const auto* unit = object != nullptr ? object->if_contains(noted_key) : nullptr;
  if (unit == nullptr) return std::nullopt;
  return *unit;
}

// Policy is the row's, which the next daemon reads anyway.
boost::json::object noted(const unit& what) {
  const boost::json::value all = unit_to_json(what);
  boost::json::object kept;
  for (const auto& [name, value] : all.as_object()) {
    const auto* const known = std::ranges::find(unit_keys, std::string_view(name), &unit_key::name);
    if (known->edit == row_edit::restart || known->name == stop_key) kept.emplace(name, value);
  }
  return kept;
}

}  // namespace

program_options options_of(const unit& what) {
  program_options how;
  how.ready = what.ready;
  return how;
}

process_deadlines deadlines_of(const unit& what) { return {.start = what.start_deadline, .stop = what.stop.deadline, .kill = what.kill_deadline}; }

std::string note_of(const unit& what, std::uint64_t incarnation) {
  boost::json::object note;
  note[incarnation_key] = incarnation;
  note[noted_key] = noted(what);
  return boost::json::serialize(note);
}

std::optional<std::uint64_t> incarnation_of(std::string_view note) {
  const auto parsed = parse_json(note);
  const auto* object = parsed ? parsed->if_object() : nullptr;
  const auto* number = object != nullptr ? object->if_contains(incarnation_key) : nullptr;
  if (number == nullptr) return std::nullopt;
  boost::system::error_code wrong;
  const auto incarnation = number->to_number<std::uint64_t>(wrong);
  if (wrong || incarnation == 0) return std::nullopt;
  return incarnation;
}

farewell to_farewell(int signal, std::chrono::nanoseconds deadline) {
  return {.signal = signal, .deadline = deadline.count() > 0 ? deadline : longest_duration};
}

farewell farewell_in(std::string_view note) {
  const auto noted = unit_in(note);
  const auto known = noted ? unit_from_json(*noted) : result<unit>(unit());
  const unit_stop how = known ? known->stop : unit_stop();
  return to_farewell(how.signal, how.deadline);
}

bool same_definition(std::string_view left, std::string_view right) {
  const auto of_left = unit_in(left);
  const auto of_right = unit_in(right);
  return of_left && of_right && edit_of(*of_left, *of_right) == row_edit::keep;
}

}  // namespace steward
