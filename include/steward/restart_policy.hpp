// SPDX-License-Identifier: Apache-2.0
//
// When something that ended is started again, and how soon: policy as data, decided by pure functions.
#pragma once

#include "steward/exit.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

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

/// The whole restart policy of one key.
struct restart_policy {
  restart when = restart::always;
  backoff delays;

  friend bool operator==(const restart_policy&, const restart_policy&) = default;
};

/// What a policy remembers of one key between its incarnations.
struct restart_history {
  std::uint32_t failures = 0;  ///< ends in a row without a healthy time between them: none was ready for `reset_after`

  friend bool operator==(const restart_history&, const restart_history&) = default;
};

/// What follows an end.
struct restart_decision {
  bool again = false;                 ///< start again; otherwise the row is `completed`
  std::chrono::nanoseconds delay{0};  ///< how long after the end; zero is at once
  restart_history history;            ///< what to remember

  friend bool operator==(const restart_decision&, const restart_decision&) = default;
};

/// Decides what follows `ended`. Pure: the same input gives the same answer.
/// Shape: `spread` is a random number in [-1, 1) that the caller draws; the delay is moved by `spread * jitter` of itself and never exceeds `max`.
[[nodiscard]] restart_decision decide_restart(const restart_policy& policy, restart_history history, const exit& ended, double spread) noexcept;

}  // namespace steward
