// SPDX-License-Identifier: Apache-2.0
//
// How long units may take to stop together.
#pragma once

#include <chrono>
#include <csignal>
#include <map>
#include <string>
#include <vector>

namespace steward {

/// What a unit that lives needs for its stop.
struct stop_need {
  std::chrono::nanoseconds deadline{0};
  std::vector<std::string> after;  ///< what it comes after or requires: these are asked to stop only when it is gone
  int signal = SIGTERM;            ///< asks it to stop

  friend bool operator==(const stop_need&, const stop_need&) = default;
};

/// By key.
using stop_needs = std::map<std::string, stop_need, std::less<>>;

/// The largest sum of deadlines along `after`. Pure.
/// Shape: names that are no keys count for nothing, and a circle is gone round once. At most the largest number of nanoseconds.
[[nodiscard]] std::chrono::nanoseconds longest_stop(const stop_needs& living);

}  // namespace steward
