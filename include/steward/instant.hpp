// SPDX-License-Identifier: Apache-2.0
//
// Points in time, and those that lie so long after another.
#pragma once

#include <chrono>

namespace steward {

/// A point on the clock of a scheduler: monotonic, never wall time; the virtual-time scheduler has one of its own.
using instant = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// That long after `from`, or the last instant there is, which never comes.
[[nodiscard]] constexpr instant later(instant from, std::chrono::nanoseconds duration) noexcept {
  return duration >= instant::max() - from ? instant::max() : from + duration;
}

/// When a limit that begins at `from` is over: never, if it is zero or less, which is no limit.
[[nodiscard]] constexpr instant deadline_after(instant from, std::chrono::nanoseconds limit) noexcept {
  return limit.count() > 0 ? later(from, limit) : instant::max();
}

}  // namespace steward
