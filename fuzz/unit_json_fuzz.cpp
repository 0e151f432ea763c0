// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a body of `apply`, as a stored row and as a note that a former daemon left with a program: refused in lines that are safe for a
// terminal, or read as what survives its round trip.
#include "json_text.hpp"
#include "require.hpp"
#include "unit_json.hpp"
#include "unit_program.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto units = steward::units_from_body(text))
    require(steward::units_from_body(steward::units_to_body(*units)) == *units);
  else
    require_safe(units.error().to_tree());

  if (const auto unit = steward::unit_from_row(text)) {
    require(steward::unit_from_row(steward::unit_to_row(*unit)) == *unit);
    const auto note = steward::note_of(*unit, 7);
    require(steward::incarnation_of(note) == 7U);
    const auto asked = steward::farewell_in(note);
    const auto wanted = steward::to_farewell(unit->stop.signal, unit->stop.deadline);
    require(asked.signal == wanted.signal && asked.deadline == wanted.deadline);
    require(steward::same_definition(note, note));
  } else {
    require_safe(unit.error().to_tree());
  }

  (void)steward::incarnation_of(text);
  (void)steward::farewell_in(text);
  (void)steward::same_definition(text, text);

  if (const auto value = steward::parse_json(text)) {
    const auto line = steward::json_line(*value);
    require_safe(line);
    require(steward::json_line(steward::parse_json(steward::json_pretty(*value)).value()) == line);
  }
  return 0;
}
