// SPDX-License-Identifier: Apache-2.0
//
// The keys of a unit, and what an edit of each asks of its program while that runs.
#pragma once

#include "steward/row_edit.hpp"
#include "unit.hpp"

#include <boost/json/value.hpp>

#include <array>
#include <string_view>

namespace steward {

struct unit_key {
  std::string_view name;
  row_edit edit;
};

/// The one place that says it; docs/units.md shows it. What a program was started with is its definition, and a program of another one is another
/// program; what the daemon does about it is policy, which holds from the edit on.
inline constexpr std::array<unit_key, 13> unit_keys{{
    {"command", row_edit::restart},
    {"directory", row_edit::restart},
    {"environment", row_edit::restart},
    {"restart", row_edit::keep},
    {"backoff", row_edit::keep},
    {"budget", row_edit::keep},
    {"stop", row_edit::keep},
    {"start_deadline", row_edit::keep},
    {"kill_deadline", row_edit::keep},
    {"after", row_edit::keep},
    {"requires", row_edit::keep},
    {"group", row_edit::keep},
    {"ready", row_edit::restart},
}};

/// What it asks of a program of `was` that its unit is `now` this one: `restart` or `keep`. Pure.
[[nodiscard]] row_edit edit_of(const unit& was, const unit& now);

/// The same for units as JSON, canonical as `unit_to_json` writes it.
[[nodiscard]] row_edit edit_of(const boost::json::value& was, const boost::json::value& now);

}  // namespace steward
