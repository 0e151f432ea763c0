// SPDX-License-Identifier: Apache-2.0
//
// How one incarnation ended, as a value: policy is a function of it, status shows it, tables store it.
#pragma once

#include "steward/error.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace steward {

/// A point on the clock of a scheduler: monotonic, never wall time; the virtual-time scheduler has one of its own.
using instant = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// That long after `from`, or the last instant there is, which never comes.
[[nodiscard]] constexpr instant later(instant from, std::chrono::nanoseconds duration) noexcept {
  return duration >= instant::max() - from ? instant::max() : from + duration;
}

/// How something ended. A closed set, and wire format.
enum class exit_reason : unsigned char {
  completed,           ///< by itself, with success, after it was ready
  stopped,             ///< because it was asked to, gracefully
  failed,              ///< with an error
  ended_before_ready,  ///< with success, but it never became ready
  start_deadline,      ///< it was not ready in time and was forced
  forced,              ///< asked to stop, and forced because it did not in time
  exception,           ///< an exception escaped it
};

/// `"ended_before_ready"` and so on. Static storage.
[[nodiscard]] std::string_view to_string(exit_reason reason) noexcept;
[[nodiscard]] std::optional<exit_reason> exit_reason_from_string(std::string_view text) noexcept;

/// How one incarnation ended, why, and when.
struct exit {
  exit_reason reason = exit_reason::completed;
  std::optional<error> cause;  ///< the raw error of the run, if it had one
  std::optional<int> code;     ///< of a program that exited
  std::optional<int> signal;   ///< of a program that was ended by a signal
  std::optional<instant> started_at;
  std::optional<instant> ready_at;  ///< empty if it never was
  std::optional<instant> ended_at;

  /// Whether a policy of `on_failure` leaves it at that.
  [[nodiscard]] bool clean() const noexcept { return reason == exit_reason::completed || reason == exit_reason::stopped; }
};

}  // namespace steward
