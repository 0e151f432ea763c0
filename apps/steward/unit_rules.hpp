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

/// The units that a table already has: name to the units that it comes after.
using known_units = std::map<std::string, std::vector<std::string>, std::less<>>;

/// Reports every `after` that names no unit of `applied` or `known`, the unit itself, or leads round in a circle, with its path.
/// Shape: `path` is where the units stand (`unit`, `units`); an applied unit takes the place of the known one of its name.
/// `known_is_complete` false: names outside `applied` are let through, because the table cannot be asked.
void check_after(const unit_map& applied, const known_units& known, bool known_is_complete, std::string_view path, problems& found);

/// How many bytes a unit's command, directory and environment may have together. They travel to the keeper in one message, together with the
/// environment of the daemon and the unit's definition, and a program cannot be given much more.
inline constexpr std::size_t largest_program = std::size_t{1} << 20U;

/// What Linux takes as one argument or variable of a program (MAX_ARG_STRLEN), its NUL byte included: 128 KiB.
inline constexpr std::size_t largest_argument = std::size_t{128} << 10U;

/// Reports every unit that is larger, and every argument and variable that is.
void check_sizes(const unit_map& applied, std::string_view path, problems& found);

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
