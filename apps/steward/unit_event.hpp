// SPDX-License-Identifier: Apache-2.0
//
// What has happened to a unit, or to the daemon, as a value: what `steward events` shows.
#pragma once

#include "status.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace steward {

/// One thing that happened: a unit has entered a state, or something is wrong.
struct unit_event {
  wall_time at;
  std::optional<std::string> key;         ///< empty if it concerns no single unit
  std::optional<row_state> state;         ///< the one that it has just entered; empty for an error
  std::uint64_t generation = 0;           ///< of its row; 0 for an error
  std::uint64_t incarnation = 0;          ///< 0 for an error, and for one that was never started
  std::optional<unit_exit> exit;          ///< when an incarnation has ended: how
  std::optional<std::string> error;       ///< what is wrong
  std::optional<std::string> because_of;  ///< whose end takes, or took, this one down
  std::optional<wall_time> until;         ///< in backoff: when it is started again

  friend bool operator==(const unit_event&, const unit_event&) = default;
};

}  // namespace steward
