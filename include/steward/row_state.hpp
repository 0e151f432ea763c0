// SPDX-License-Identifier: Apache-2.0
//
// What a row of a manager can be in.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace steward {

/// Where a key is, whichever incarnation. Wire format.
enum class row_state : unsigned char {
  waiting,    ///< to be started, and held back: by others that it waits for, or because enough are starting already
  starting,   ///< its row is being read, or its process starts
  running,    ///< ready
  stopping,   ///< asked to stop, not gone yet
  backoff,    ///< ended; will be started again after a delay
  stopped,    ///< not running: its row does not want it, or it was stopped by hand until the next pass
  completed,  ///< ended, and its policy leaves it at that for this generation of its row
  gave_up,    ///< ended, and used up its budget; stays down for this generation of its row
  abandoned,  ///< forced, and not gone in time: it still lives, and nothing takes its place until it is gone
};

inline constexpr std::size_t row_states = 9;

/// How many keys are in each state, by the number of the state.
using state_counts = std::array<std::size_t, row_states>;

/// Whether what lives in this state is to be gone.
[[nodiscard]] constexpr bool is_going(row_state state) noexcept { return state == row_state::stopping || state == row_state::abandoned; }

/// Whether an incarnation is, or may be, alive in this state.
[[nodiscard]] constexpr bool is_alive(row_state state) noexcept {
  return state == row_state::starting || state == row_state::running || is_going(state);
}

/// Whether this state lasts for the generation of its row: only an edit, or a start by hand, ends it.
[[nodiscard]] constexpr bool is_settled(row_state state) noexcept { return state == row_state::completed || state == row_state::gave_up; }

/// `"waiting"` and so on. Static storage.
[[nodiscard]] std::string_view to_string(row_state state) noexcept;
[[nodiscard]] std::optional<row_state> row_state_from_string(std::string_view text) noexcept;

}  // namespace steward
