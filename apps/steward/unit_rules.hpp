// SPDX-License-Identifier: Apache-2.0
//
// What must hold between units, and between a unit and this machine. Pure: the table and the disk come in as arguments.
#pragma once

#include "problems.hpp"
#include "unit_decode.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace steward {

/// The units that a table already has: name to the units that it waits for (`needs_of`).
using known_units = std::map<std::string, std::vector<std::string>, std::less<>>;

/// Reports every `after` and every `requires` that names no unit of `applied` or `known`, the unit itself, or, both taken together, leads round in a
/// circle, with its path.
/// Shape: `path` is where the units stand (`unit`, `units`); an applied unit takes the place of the known one of its name.
/// `known_is_complete` false: names outside `applied` are let through, because the table cannot be asked.
void check_needs(const unit_map& applied, const known_units& known, bool known_is_complete, std::string_view path, problems& found);

/// The groups of a table's units: name of the unit to its group.
using known_groups = std::map<std::string, unit_group, std::less<>>;

/// Reports every unit whose group has another policy with another unit, of `applied` or, where that has no unit of its name, of `known`.
void check_groups(const unit_map& applied, const known_groups& known, std::string_view path, problems& found);

/// How many bytes a unit's command, directory and environment may have together. They travel to the keeper in one message, together with the
/// environment of the daemon and the unit's definition, and a program cannot be given much more.
inline constexpr std::size_t largest_program = std::size_t{1} << 20U;

/// What Linux takes as one argument or variable of a program (MAX_ARG_STRLEN), its NUL byte included: 128 KiB.
inline constexpr std::size_t largest_argument = std::size_t{128} << 10U;

/// Reports every unit that is larger, and every argument and variable that is.
void check_sizes(const unit_map& applied, std::string_view path, problems& found);

/// Reports every unit that would be started in vain, because it is ready no sooner than it is given up.
void check_deadlines(const unit_map& applied, std::string_view path, problems& found);

/// What a path leads to.
enum class executable_state : unsigned char { executable, missing, not_executable, folder };

/// How programs are found: what a path leads to, and the `PATH` for units that set none of their own.
struct executable_lookup {
  std::function<executable_state(const std::string& path)> look;
  std::string search_path;
};

/// The `PATH` of this process; may be empty.
[[nodiscard]] std::string own_search_path();

/// Looks on this machine's disk.
[[nodiscard]] executable_state look_on_disk(const std::string& path);

/// Reports every unit whose program is missing or cannot be executed, and every directory that is none.
void check_executables(const unit_map& applied, const executable_lookup& lookup, std::string_view path, problems& found);

}  // namespace steward
