// SPDX-License-Identifier: Apache-2.0
//
// What a manager does about a row: the one decision, for those who do it and for those who only tell.
#pragma once

#include "steward/row_state.hpp"
#include "steward/sequel.hpp"
#include "steward/table.hpp"

#include <array>
#include <cstddef>

namespace steward {

/// What to do about a row that has been read.
enum class row_action : unsigned char {
  nothing,
  start,    ///< it does not live and should
  edit,     ///< do to what lives what the edit asks of it: a `row_edit`
  restart,  ///< end what lives, then start from the row as it is then
  stop,     ///< end what lives, or is to be started, and do not start it again
};

/// What is known of the key of a row.
struct row_facts {
  row_state state = row_state::stopped;
  bool parked = false;                 ///< one that it required is lost: it stays down for this generation
  bool reading = false;                ///< it starts, and its row is being read for that: what is read is as new as this row, or newer
  sequel follows = sequel::by_policy;  ///< while it lives: what has been said to follow its end
};

/// Decides for one row. Pure.
/// Shape: `changed` tells whether the row's generation is another than the one that the state belongs to. A deleted row counts as `wanted::down`.
[[nodiscard]] constexpr row_action decide_row(const row_facts& known, wanted what, bool changed) noexcept {
  using enum row_action;
  struct decision {
    row_action down, same, edited;
  };
  constexpr std::array<decision, row_states> decisions{{
      {stop, nothing, start},    // waiting: whom it waits for may be others now
      {stop, nothing, edit},     // starting
      {stop, nothing, edit},     // running
      {stop, restart, restart},  // stopping
      {stop, nothing, start},    // backoff
      {nothing, start, start},   // stopped
      {stop, nothing, start},    // completed
      {stop, nothing, start},    // gave_up
      {stop, restart, restart},  // abandoned
  }};
  const decision& of_state = decisions[static_cast<std::size_t>(known.state)];
  if (what == wanted::down) return of_state.down;
  if (changed) return known.reading ? nothing : of_state.edited;
  if (known.parked) return nothing;
  // One that goes down and is wanted: only where it was stopped is there anything to add to what follows.
  return of_state.same == restart && known.follows != sequel::stopped ? nothing : of_state.same;
}

}  // namespace steward
