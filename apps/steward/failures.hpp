// SPDX-License-Identifier: Apache-2.0
//
// What took what down lately: failure trees made of events. Pure functions of values.
#pragma once

#include "steward/failure_tree.hpp"
#include "unit_event.hpp"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace steward {

/// One failure and all that it took down.
struct unit_failure {
  failure_tree tree;
  std::vector<wall_time> at;  ///< of each entry of the tree: when it began to go down
};

/// The trees of what went down, by the time of their roots. A unit that was stopped on purpose, or is done, and took nobody down is left out.
/// Shape: events in their order. What stops and is not gone yet is in its place, as `stopping`.  Cost: n log n.
[[nodiscard]] std::vector<unit_failure> failures_in(const std::deque<unit_event>& events);

/// `db failed: exited with code 3; took down 2: api, web`, if `key` went down last because of another.
[[nodiscard]] std::optional<std::string> root_cause_of(std::string_view key, const std::deque<unit_event>& events);

/// Whether one of `keys` is in the tree; no keys are all.
[[nodiscard]] bool concerns(const unit_failure& what, const std::vector<std::string>& keys);

}  // namespace steward
