// SPDX-License-Identifier: Apache-2.0
//
// What a supervisor is told about a unit beside its program, as keys: its restart policy, what it requires, and its group.
#pragma once

#include "table_reader.hpp"
#include "unit.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace steward {

/// Policies of groups by name: the `[group.NAME]` tables of a units file.
using group_policies = std::map<std::string, group_policy, std::less<>>;

/// Reads `restart`, `backoff` and `budget`. What is wrong goes to the problems of `from`, here and below.
void decode_restart(const table_reader& from, restart_policy& into);

/// Reads `requires`: names, or tables of a `unit` and its `on_loss`.
void decode_requirements(const table_reader& from, std::vector<requirement<std::string>>& into);

/// Reads `group`.  Shape: with `groups`, the policy is that of its name among them; without, it stands beside the name.
void decode_group(const table_reader& from, const group_policies* groups, std::optional<unit_group>& into);

/// Reads a table of groups, name to policy. Names are checked.
[[nodiscard]] group_policies decode_groups(const boost::json::value& from, std::string_view path, problems& found);

/// The same as JSON, in a fixed order; the decoders read it back.
[[nodiscard]] boost::json::object backoff_to_json(const backoff& from);
[[nodiscard]] boost::json::object budget_to_json(const restart_budget& from);
[[nodiscard]] boost::json::array requirements_to_json(const std::vector<requirement<std::string>>& from);
[[nodiscard]] boost::json::object group_to_json(const unit_group& from);

}  // namespace steward
