// SPDX-License-Identifier: Apache-2.0
//
// Why something that a table lists is not running: the answer to the question that is asked at night.
#pragma once

#include "steward/exit.hpp"
#include "steward/obstacle.hpp"
#include "steward/row_state.hpp"

#include <optional>
#include <vector>

namespace steward {

/// Why one key is not running, or not gone.
template <class Key>
struct explanation {
  row_state state = row_state::stopped;
  obstacle why = obstacle::none;
  instant since{};                ///< since when it is in this state
  std::optional<instant> until;   ///< when this ends by itself at the latest: a backoff, or a deadline
  std::vector<Key> waiting_for;   ///< who is not running, of those that it comes after
  std::vector<Key> cycle;         ///< if those wait for it in turn: the way round, from it back to it
  std::optional<Key> because_of;  ///< whose end took it down
  std::optional<exit> last;       ///< how its last incarnation that has ended did
};

}  // namespace steward
