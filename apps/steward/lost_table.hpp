// SPDX-License-Identifier: Apache-2.0
//
// A database that is gone while programs run that were started from it.
#pragma once

#include "steward/error.hpp"
#include "steward/program/keeper_spawner.hpp"

#include <filesystem>
#include <optional>

namespace steward {

/// Why a daemon must not begin: nothing was ever stored in its database, and yet programs of a former daemon live. No row wants them, so they would
/// all be ended, for a file that was deleted by mistake. Empty where nothing speaks against it.
/// Shape: `database` is there and not yet opened. One line, which names it, some of the programs, and what would be right.
[[nodiscard]] std::optional<error> lost_table(const std::filesystem::path& database, const keeper_spawner::left_programs& left);

}  // namespace steward
