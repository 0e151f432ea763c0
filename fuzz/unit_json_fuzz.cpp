// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a body of `apply`, as a stored row and as a request: refused in lines that are safe for a terminal, or read as what survives its round
// trip.
#include "api.hpp"
#include "json_text.hpp"
#include "status_json.hpp"
#include "unit_json.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void require_safe(const steward::error& why) {
  for (const char c : why.to_tree()) require(c == '\n' || static_cast<unsigned char>(c) >= ' ');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto units = steward::units_from_body(text))
    require(steward::units_from_body(steward::units_to_body(*units)) == *units);
  else
    require_safe(units.error());

  if (const auto unit = steward::unit_from_row(text))
    require(steward::unit_from_row(steward::unit_to_row(*unit)) == *unit);
  else
    require_safe(unit.error());

  if (const auto value = steward::parse_json(text)) {
    require(steward::json_line(steward::parse_json(steward::json_pretty(*value)).value()) == steward::json_line(*value));
    if (const auto status = steward::daemon_status_from_json(*value))
      require(steward::daemon_status_from_json(steward::status_to_json(*status)) == *status);
    else
      require_safe(status.error());
  }

  for (const std::string_view method : {"GET", "POST", "DELETE"})
    if (const auto request = steward::parse_request(method, text)) require(steward::parse_request(method, steward::target_of(*request)) == *request);
  return 0;
}
