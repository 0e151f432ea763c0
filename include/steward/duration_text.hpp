// SPDX-License-Identifier: Apache-2.0
//
// Durations as messages show them.
#pragma once

#include <chrono>
#include <string>

namespace steward {

/// Writes a duration exactly and as people write it: `1m30s`, `1.5s`, `250ms`, `0s`; hours and minutes, then the rest in one unit.
/// Shape: not negative.
[[nodiscard]] std::string duration_text(std::chrono::nanoseconds duration);

}  // namespace steward
