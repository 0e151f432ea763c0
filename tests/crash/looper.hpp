// SPDX-License-Identifier: Apache-2.0
//
// The program that is killed: supervises what crashes again and again, with budgets that a `sqlite_state_store` remembers, and says each start on
// stdout, and when all have given up, and that is stored.
#pragma once

#include <cstddef>
#include <filesystem>

namespace steward::test {

/// How many restarts an hour the budgets of `alone`, and of the group of `first` and `second`, allow.
inline constexpr std::ptrdiff_t allowed_restarts = 20;

/// Runs the manager; returns the exit code.
[[nodiscard]] int crash_loop_until_killed(const std::filesystem::path& file);

}  // namespace steward::test
