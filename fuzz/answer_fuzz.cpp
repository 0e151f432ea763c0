// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as an answer of a daemon or as a line of its events, read as the command line reads them: what is understood survives its round trip, and
// what is shown of it is safe for a terminal.
#include "api.hpp"
#include "event_json.hpp"
#include "event_text.hpp"
#include "explain_json.hpp"
#include "explain_text.hpp"
#include "json_text.hpp"
#include "require.hpp"
#include "status_json.hpp"
#include "status_text.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

namespace {

constexpr steward::wall_time now = std::chrono::sys_days(std::chrono::January / 31 / 2026);

void read_small_answers(const boost::json::value& from) {
  const auto is_the_same = [](const auto& answer, auto parse) { return parse(steward::answer_to_json(answer)) == answer; };
  if (const auto got = steward::version_answer_from_json(from)) require(is_the_same(*got, steward::version_answer_from_json));
  if (const auto got = steward::apply_answer_from_json(from)) require(is_the_same(*got, steward::apply_answer_from_json));
  if (const auto got = steward::control_answer_from_json(from)) require(is_the_same(*got, steward::control_answer_from_json));
  if (const auto got = steward::plan_answer_from_json(from)) {
    require(is_the_same(*got, steward::plan_answer_from_json));
    require_safe(steward::plan_text(*got));
  }
}

void read_status(const boost::json::value& from) {
  if (const auto got = steward::daemon_status_from_json(from)) {
    require(steward::daemon_status_from_json(steward::status_to_json(*got)) == *got);
    require_safe(steward::status_table(got->units, now, {.width = 80}));
    require_safe(steward::table_warning(*got, now));
  } else {
    require_safe(got.error().to_tree());
  }
  if (const auto got = steward::unit_status_from_json(from)) {
    require(steward::unit_status_from_json(steward::status_to_json(*got)) == *got);
    require_safe(steward::status_sheet(*got, now, {}));
  }
  if (const auto got = steward::explanation_from_json(from)) {
    require(steward::explanation_from_json(steward::explanation_to_json(*got)) == *got);
    require_safe(steward::explanation_sheet(*got, now));
  }
  if (const auto got = steward::stragglers_from_json(from)) {
    require(steward::stragglers_from_json(steward::stragglers_to_json(*got)) == *got);
    require_safe(steward::straggler_table(*got, now));
  }
}

void read_event(std::string_view line) {
  const auto event = steward::event_from_line(line);
  if (!event) return require_safe(event.error().to_tree());
  std::visit(
      [&](const auto& each) {
        require(steward::event_from_line(steward::json_line(steward::event_to_json(each))) == *event);
        require_safe(steward::event_line(each));
      },
      *event);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_event(text);
  if (const auto value = steward::parse_json(text)) {
    read_small_answers(*value);
    read_status(*value);
  }
  return 0;
}
