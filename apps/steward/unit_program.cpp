// SPDX-License-Identifier: Apache-2.0
#include "unit_program.hpp"

#include "duration_text.hpp"
#include "json_text.hpp"
#include "unit_json.hpp"
#include "unit_keys.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace steward {
namespace {

constexpr const char* incarnation_key = "incarnation";
constexpr const char* noted_key = "unit";
constexpr std::array<std::string_view, 2> keys_of_the_end{"stop", "kill_deadline"};

std::optional<boost::json::value> unit_in(std::string_view note) {
  const auto parsed = parse_json(note);
  const auto* object = parsed ? parsed->if_object() : nullptr;
  const auto* unit = object != nullptr ? object->if_contains(noted_key) : nullptr;
  if (unit == nullptr) return std::nullopt;
  return *unit;
}

// Policy is the row's, which the next daemon reads anyway; but there may be no such row any more, and it has to be ended.
boost::json::object noted(const unit& what) {
  const boost::json::value all = unit_to_json(what);
  boost::json::object kept;
  for (const auto& [name, value] : all.as_object()) {
    const auto* const known = std::ranges::find(unit_keys, std::string_view(name), &unit_key::name);
    if (known->edit == row_edit::restart || std::ranges::find(keys_of_the_end, known->name) != keys_of_the_end.end()) kept.emplace(name, value);
  }
  return kept;
}

// What is no note says nothing.
unit noted_in(std::string_view note) {
  const auto noted = unit_in(note);
  auto known = noted ? unit_from_json(*noted) : result<unit>(unit());
  return known ? std::move(*known) : unit();
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
  const unit_stop how = noted_in(note).stop;
  return to_farewell(how.signal, how.deadline);
}

std::chrono::nanoseconds longest_end_in(std::string_view note) { return farewell_in(note).deadline + noted_in(note).kill_deadline; }

bool same_definition(std::string_view left, std::string_view right) {
  const auto of_left = unit_in(left);
  const auto of_right = unit_in(right);
  return of_left && of_right && edit_of(*of_left, *of_right) == row_edit::keep;
}

}  // namespace steward
