// SPDX-License-Identifier: Apache-2.0
//
// Units as JSON: the form in which they are applied over the socket and stored in a row.
#pragma once

#include "steward/result.hpp"
#include "unit_decode.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace steward {

/// The canonical form: keys in a fixed order, durations as text; equal units give equal JSON. `budget`, `kill_deadline`, `requires` and `group` are
/// left out where they have their defaults.
[[nodiscard]] boost::json::value unit_to_json(const unit& from);

/// The canonical form on one line, as it is stored.
[[nodiscard]] std::string unit_to_row(const unit& from);

/// Reads one unit, strictly. A key that is missing has its default; relative paths are refused.
/// Errors: everything that is wrong, one line each under its key path (`command: missing; …`).
[[nodiscard]] result<unit> unit_from_json(const boost::json::value& from);
[[nodiscard]] result<unit> unit_from_row(std::string_view text);

/// `{"units": {NAME: unit, …}}`: what `apply` sends.
[[nodiscard]] std::string units_to_body(const unit_map& units);

/// Reads it. All of them or none.
/// Errors: as with one unit, under `units.NAME`.
[[nodiscard]] result<unit_map> units_from_body(std::string_view text);

}  // namespace steward
