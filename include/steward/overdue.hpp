// SPDX-License-Identifier: Apache-2.0
//
// What a total deadline that is over does.
#pragma once

#include "steward/row_state.hpp"

namespace steward {

/// What a total deadline that is over does to one entry.
enum class overdue_action : unsigned char {
  nothing,
  start_is_late,  ///< it is forced, as one that was not ready by its own deadline
  force,          ///< it is asked to stop, whoever must go first, and forced
  abandon,        ///< it was forced before, and still lives
};

/// What a total deadline looks at.
struct overdue_facts {
  row_state state{};
  bool ending = false;       ///< it is the deadline of the end, and not that of the first starts
  bool first_start = false;  ///< its present start is one of the first
  bool lives = false;        ///< it has a process
  bool forced = false;       ///< by the same deadline, before
};

/// Decides for one entry what a total deadline that is over does. Pure.
[[nodiscard]] constexpr overdue_action decide_overdue(const overdue_facts& facts) noexcept {
  using enum overdue_action;
  if (!facts.ending) return facts.first_start && facts.state == row_state::starting ? start_is_late : nothing;
  if (!facts.lives) return nothing;
  if (!facts.forced) return force;
  return facts.state == row_state::stopping ? abandon : nothing;
}

}  // namespace steward
