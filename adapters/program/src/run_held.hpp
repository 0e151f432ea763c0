// SPDX-License-Identifier: Apache-2.0
//
// The second half of `program`: from a program that is held on.
#pragma once

#include "steward/callback.hpp"
#include "steward/context.hpp"
#include "steward/program/program.hpp"
#include "steward/program/spawner.hpp"
#include "steward/task.hpp"

namespace steward::detail {

/// Takes the output of a program, calls `ready` when it is, and ends it when that returns, as `program` says. What is held gives its output away.
/// Errors: those of `program`; one that it was not begun with leaves the program as it is.
/// Lifetime: `how` and `by` outlive the task.
[[nodiscard]] task<> run_held(context& ctx, callback ready, spawner& by, spawner::held what, const program_options& how);

}  // namespace steward::detail
