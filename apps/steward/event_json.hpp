// SPDX-License-Identifier: Apache-2.0
//
// Events as JSON, both ways: one object a line, in the words of the status.
#pragma once

#include "steward/result.hpp"
#include "unit_event.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <string_view>
#include <variant>

namespace steward {

/// In the place of events that their reader was too slow for.
struct lost_events {
  std::uint64_t count = 0;

  friend bool operator==(const lost_events&, const lost_events&) = default;
};

/// Every key is always there; what has no value is null.
[[nodiscard]] boost::json::value event_to_json(const unit_event& from);

/// `{"lost": 12}`.
[[nodiscard]] boost::json::value event_to_json(const lost_events& from);

/// Reads one line back. Keys that are not known are passed over.
/// Errors: everything that is wrong, under its key.
[[nodiscard]] result<std::variant<unit_event, lost_events>> event_from_line(std::string_view line);

}  // namespace steward
