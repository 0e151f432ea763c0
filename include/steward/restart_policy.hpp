// SPDX-License-Identifier: Apache-2.0
//
// When something that ended is started again, and how soon: policy as data, decided by pure functions.
#pragma once

#include "steward/exit.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace steward {

/// Which ends are followed by a restart.
enum class restart : unsigned char {
  always,      ///< every end, a clean one too
  on_failure,  ///< an end that was not clean; a clean one makes the row `completed`
  never,       ///< none: the first end makes the row `completed`
};

/// `"always"`, `"on_failure"`, `"never"`.
[[nodiscard]] std::string_view to_string(restart when) noexcept;
[[nodiscard]] std::optional<restart> restart_from_string(std::string_view text) noexcept;

/// How long to wait before a restart. The first restart is immediate; then the delay grows from `initial` by `factor` up to `max`.
struct backoff {
  std::chrono::nanoseconds initial = std::chrono::milliseconds(200);
  std::chrono::nanoseconds max = std::chrono::minutes(1);
  double factor = 2.0;                                              ///< at least 1
  double jitter = 0.2;                                              ///< a fraction of the delay, 0 to 1: spread by as much up or down
  std::chrono::nanoseconds reset_after = std::chrono::seconds(30);  ///< being ready for this long forgets earlier failures

  /// The wait after an end that `failures` others came before, without a healthy time between them: 0 is the first one, restarted at once.
  /// Shape: from 0 to `max`; `spread`, in [-1, 1), moves it by `spread * jitter` of itself. Numbers out of their range count as the nearest one
  /// inside.
  [[nodiscard]] std::chrono::nanoseconds delay(std::uint32_t failures, double spread) const noexcept;

  friend bool operator==(const backoff&, const backoff&) = default;
};

/// What follows an end when the budget is used up.
enum class exhausted : unsigned char {
  slow_retry,  ///< go on, at the maximum delay: never a dead end
  give_up,     ///< leave it down until its row is edited or somebody starts it by hand
};

/// `"slow_retry"`, `"give_up"`.
[[nodiscard]] std::string_view to_string(exhausted then) noexcept;
[[nodiscard]] std::optional<exhausted> exhausted_from_string(std::string_view text) noexcept;

/// How many restarts within how long. Only time gives room again, and a start by hand: a healthy while in between does not, so that what
/// fails once an hour can be told from what fails once a year.
struct restart_budget {
  std::uint32_t restarts = 10;
  std::chrono::nanoseconds window = std::chrono::minutes(10);
  exhausted then = exhausted::slow_retry;

  friend bool operator==(const restart_budget&, const restart_budget&) = default;
};

/// The whole restart policy of one key, or of a group.
struct restart_policy {
  restart when = restart::always;
  backoff delays;
  std::optional<restart_budget> budget = std::nullopt;  ///< empty: no limit but the delays

  friend bool operator==(const restart_policy&, const restart_policy&) = default;
};

/// What a policy remembers of one key between its incarnations.
struct restart_history {
  std::uint32_t failures = 0;   ///< ends in a row without a healthy time between them: none was ready for `reset_after`
  std::vector<instant> recent;  ///< the last restarts that a budget counts, oldest first, at most as many as it allows

  friend bool operator==(const restart_history&, const restart_history&) = default;
};

/// What follows an end, in a word.
enum class verdict : unsigned char {
  restart,
  completed,  ///< its policy leaves it at that
  gave_up,    ///< it would be restarted, had it not used up its budget
};

/// What follows an end.
struct restart_decision {
  verdict what = verdict::completed;
  bool slow = false;                  ///< restarted at the maximum delay, because the budget is used up
  std::chrono::nanoseconds delay{0};  ///< how long after the end; zero is at once
  restart_history history;            ///< what to remember

  friend bool operator==(const restart_decision&, const restart_decision&) = default;
};

/// Decides what follows `ended`. Pure: the same input gives the same answer.
/// Shape: `spread` is a random number in [-1, 1) that the caller draws; the delay is moved by `spread * jitter` of itself and never exceeds `max`.
/// A restart counts at the instant at which it is due; an end without an instant is not counted.
/// Cost: allocates only where a budget counts.
[[nodiscard]] restart_decision decide_restart(const restart_policy& policy, restart_history history, const exit& ended, double spread);

}  // namespace steward
