// SPDX-License-Identifier: Apache-2.0
//
// Durations as people write them: `250ms`, `1.5s`, `1m30s`.
#pragma once

#include "steward/duration_text.hpp"
#include "steward/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace steward {

/// The longest duration that can be written, so that a deadline computed from one never overflows: ten years.
inline constexpr std::chrono::nanoseconds longest_duration = std::chrono::hours(10 * 365 * 24);

/// Reads a duration: one or more numbers with a unit (`h m s ms us ns`), larger units first, each unit once; a number may have a fraction.
/// What `duration_text` writes is read back as the same.
/// Errors: one line without the text itself: no unit, negative, unknown unit, finer than a nanosecond, longer than `longest_duration`.
[[nodiscard]] result<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// Writes the time between two instants of the wall clock for people, with its one or two largest units: `3s`, `4m`, `2h5m`, `3d4h`.
[[nodiscard]] std::string short_duration_text(std::chrono::milliseconds duration);

/// The same for what is still to come, rounded up, so that it is not over too early: `40ms`, `3s`.
[[nodiscard]] std::string remaining_text(std::chrono::milliseconds duration);

}  // namespace steward
