// SPDX-License-Identifier: Apache-2.0
//
// What keeps something that a table lists from running, or from being gone.
#pragma once

#include "steward/row_state.hpp"

#include <optional>
#include <string_view>

namespace steward {

/// What keeps a key from running, or from being gone. A closed set, and wire format.
enum class obstacle : unsigned char {
  none,                  ///< it runs
  unwanted,              ///< its row does not want it
  stopped,               ///< it was stopped by hand, until the next pass
  requirement_lost,      ///< one that it required went down, and it stays down for this generation
  waits_for_others,      ///< those that it comes after are not running
  waits_for_place,       ///< enough are starting at the moment
  starts,                ///< its row is being read, or it is not ready yet
  backs_off,             ///< it failed, and will be started again
  waits_for_group,       ///< it goes down and comes up with its group, which is not there yet
  waits_for_store,       ///< its restart is counted by a budget, and is written down before it is done
  completed,             ///< it ended, and its policy leaves it at that
  gave_up,               ///< it, or its group, has used up its restart budget
  waits_for_dependents,  ///< it is to stop as soon as those that require it are gone
  stops,                 ///< it was asked to stop, and is not gone
  forced,                ///< it was forced, and is not gone
};

/// `"waits_for_others"` and so on. Static storage.
[[nodiscard]] std::string_view to_string(obstacle what) noexcept;
[[nodiscard]] std::optional<obstacle> obstacle_from_string(std::string_view text) noexcept;

/// The facts of one entry that tell its obstacle.
struct obstacle_facts {
  row_state state = row_state::stopped;
  bool unwanted = false;      ///< its row says so
  bool parked = false;        ///< one that it required is lost
  bool needs_others = false;  ///< it comes after others
  bool with_group = false;    ///< it starts again together with its group
  bool makes_sure = false;    ///< its restart is being written down
  bool requested = false;     ///< its process has been asked to stop
  bool forced = false;
};

/// Tells what is in the way. Pure.
[[nodiscard]] obstacle obstacle_of(const obstacle_facts& facts) noexcept;

}  // namespace steward
