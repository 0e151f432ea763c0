// SPDX-License-Identifier: Apache-2.0
//
// What the daemon knows of its units at one instant, as values: what status shows and the socket answers.
#pragma once

#include "steward/exit_reason.hpp"
#include "steward/obstacle.hpp"
#include "steward/row_state.hpp"
#include "timestamp.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace steward {

/// How the last incarnation of a unit ended: an `exit`, with wall clock instants.
struct unit_exit {
  exit_reason reason = exit_reason::completed;
  std::optional<std::string> error;
  std::optional<int> code;
  std::optional<int> signal;
  std::optional<wall_time> started_at;
  std::optional<wall_time> ready_at;  ///< empty if it never was
  std::optional<wall_time> ended_at;

  friend bool operator==(const unit_exit&, const unit_exit&) = default;
};

/// One unit at one instant.
struct unit_status {
  std::string key;
  row_state state = row_state::stopped;
  std::optional<int> pid;                  ///< while there is a process
  std::uint64_t incarnation = 0;           ///< 0: never started
  std::uint64_t restarts = 0;              ///< automatic ones since the last start by hand or edit
  std::uint64_t generation = 0;            ///< of its row
  wall_time since;                         ///< the instant of the current state
  std::optional<unit_exit> exit;           ///< of the incarnation before, or of this one when it has ended
  std::vector<std::string> waiting_for;    ///< the units that it waits for
  std::vector<std::string> missing;        ///< those of them that there are not
  std::optional<wall_time> next_start_at;  ///< in backoff
  std::optional<std::string> error;        ///< what is wrong with it now, such as a row that cannot be read

  friend bool operator==(const unit_status&, const unit_status&) = default;
};

/// Why one unit is not running, or not gone: an `explanation`, with wall clock instants.
struct unit_explanation {
  std::string key;
  row_state state = row_state::stopped;
  obstacle why = obstacle::none;
  wall_time since;                        ///< the instant of the current state
  std::optional<wall_time> until;         ///< when this ends by itself at the latest: a backoff, or a deadline
  std::vector<std::string> waiting_for;   ///< who is not running, of those that it comes after or requires; or who of its group still stops
  std::vector<std::string> missing;       ///< those of them that there are not
  std::vector<std::string> cycle;         ///< if those wait for it in turn: the way round, from it back to it
  std::optional<std::string> because_of;  ///< whose end took it down
  std::optional<std::string> root_cause;  ///< in a line: what failed first, as far as it is remembered
  std::optional<unit_exit> exit;          ///< how its last incarnation that has ended did
  std::optional<std::string> error;       ///< as in its status

  friend bool operator==(const unit_explanation&, const unit_explanation&) = default;
};

/// A unit that should be gone, and is not.
struct unit_straggler {
  std::string key;
  std::optional<int> pid;
  std::uint64_t incarnation = 0;
  wall_time since;                ///< since when it stops, or is abandoned
  obstacle at = obstacle::stops;  ///< what it has come to: `waits_for_dependents`, `stops` or `forced`

  friend bool operator==(const unit_straggler&, const unit_straggler&) = default;
};

/// The daemon and all its units at one instant.
struct daemon_status {
  std::string node;
  int pid = 0;
  wall_time since;  ///< when the daemon started
  std::optional<wall_time> table_unreadable_since;
  std::optional<std::string> table_error;
  std::vector<unit_status> units;  ///< by key

  friend bool operator==(const daemon_status&, const daemon_status&) = default;
};

}  // namespace steward
