// SPDX-License-Identifier: Apache-2.0
//
// Events for people: a line each. Pure functions of values.
#pragma once

#include "event_json.hpp"
#include "unit_event.hpp"

#include <string>

namespace steward {

/// `2026-01-31T12:00:00.000Z web: backoff, exited with code 3, starts again at 2026-01-31T12:00:00.200Z`, with a line break.
[[nodiscard]] std::string event_line(const unit_event& what);

/// What stands in the place of those that are missing.
[[nodiscard]] std::string event_line(const lost_events& what);

}  // namespace steward
