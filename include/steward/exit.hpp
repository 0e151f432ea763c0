// SPDX-License-Identifier: Apache-2.0
//
// How one incarnation ended, as a value: policy is a function of it, status shows it, tables store it.
#pragma once

#include "steward/error.hpp"
#include "steward/exit_reason.hpp"
#include "steward/instant.hpp"

#include <optional>

namespace steward {

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
