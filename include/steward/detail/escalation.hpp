// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/instant.hpp"

#include <chrono>
#include <optional>

namespace steward::detail {

/// How a whole program is brought to its end: asked, then forced, then given up. Pure: what happened goes in, what to do about it comes out.
class escalation {
 public:
  enum class phase : unsigned char { running, graceful, forced, gave_up };
  enum class action : unsigned char { none, ask, force, give_up };

  /// Zero or less is no limit.
  escalation(std::chrono::nanoseconds graceful, std::chrono::nanoseconds forced) noexcept : limits_{graceful, forced} {}

  /// Somebody wants it to stop. The first asks, and may give another graceful limit; the second forces.
  action asked(instant now, std::optional<std::chrono::nanoseconds> graceful = {}) noexcept;

  /// It winds down without having been asked.
  void began(instant now) noexcept;

  /// Nothing happened until now.
  action time_passed(instant now) noexcept;

  [[nodiscard]] phase where() const noexcept { return phase_; }

  [[nodiscard]] std::chrono::nanoseconds graceful_limit() const noexcept { return limits_[0]; }

  /// When to say that time has passed; empty while there is no limit.
  [[nodiscard]] std::optional<instant> next() const noexcept { return next_; }

  /// Whether it was forced because its time was over, and not because somebody asked twice.
  [[nodiscard]] bool timed_out() const noexcept { return timed_out_; }

 private:
  void enter(phase to, instant now) noexcept;

  std::chrono::nanoseconds limits_[2];
  phase phase_ = phase::running;
  bool timed_out_ = false;
  std::optional<instant> next_;
};

}  // namespace steward::detail
