// SPDX-License-Identifier: Apache-2.0
#include "unit_program.hpp"

#include "duration_text.hpp"
#include "json_text.hpp"
#include "unit_json.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace steward {
namespace {

constexpr const char* incarnation_key = "incarnation";
constexpr const char* definition_key = "unit";

std::optional<std::string> definition_of(std::string_view note) {
  const auto parsed = parse_json(note);
  const auto* object = parsed ? parsed->if_object() : nullptr;
  const auto* unit = object != nullptr ? object->if_contains(definition_key) : nullptr;
  if (unit == nullptr) return std::nullopt;
  return boost::json::serialize(*unit);
}

}  // namespace

program_options options_of(const unit& what) {
  program_options how;
  how.ready = what.ready;
  how.stop_signal = what.stop.signal;
  how.stop_deadline = longest_duration;  // the manager has it killed in time, and tells of it (deadlines_of)
  return how;
}

process_deadlines deadlines_of(const unit& what) { return {.start = what.start_deadline, .stop = what.stop.deadline, .kill = what.kill_deadline}; }

std::string note_of(const unit& what, std::uint64_t incarnation) {
  boost::json::object note;
  note[incarnation_key] = incarnation;
  note[definition_key] = unit_to_json(what);
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

unit_stop stop_of(std::string_view note) {
  const auto definition = definition_of(note);
  const auto known = definition ? unit_from_row(*definition) : result<unit>(unit());
  return known ? known->stop : unit_stop();
}

bool same_definition(std::string_view left, std::string_view right) {
  const auto of_left = definition_of(left);
  return of_left && of_left == definition_of(right);
}

}  // namespace steward
