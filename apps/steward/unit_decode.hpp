// SPDX-License-Identifier: Apache-2.0
//
// The one place that knows the keys of a unit: from a tree of values, whether it was TOML or JSON, to units.
#pragma once

#include "problems.hpp"
#include "unit.hpp"
#include "unit_supervision.hpp"

#include <boost/json/value.hpp>

#include <map>
#include <string>
#include <string_view>

namespace steward {

/// Units by name: what a file holds and what is applied.
using unit_map = std::map<std::string, unit>;

/// Reads one unit. What is wrong goes to `found`, under key paths that begin with `path`; the unit is only of use when nothing was added.
/// Shape: `folder` is the absolute folder that relative paths are meant from; when it is empty they are refused. `groups` are the policies of groups
/// that stand elsewhere, as in a units file; without them each unit has that of its group with it.
[[nodiscard]] unit decode_unit(const boost::json::value& from, std::string_view path, std::string_view folder, problems& found,
                               const group_policies* groups = nullptr);

/// Reads a table of units, name to unit, in the same way. Names are checked. Without `groups`, nothing is kept from the first mistake on.
[[nodiscard]] unit_map decode_units(const boost::json::value& from, std::string_view path, std::string_view folder, problems& found,
                                    const group_policies* groups = nullptr);

}  // namespace steward
