// SPDX-License-Identifier: Apache-2.0
#include "steward/detail/escalation.hpp"

namespace steward::detail {

void escalation::enter(phase to, instant now) noexcept {
  phase_ = to;
  next_.reset();
  if (to != phase::graceful && to != phase::forced) return;
  const auto limit = limits_[to == phase::forced];
  if (limit.count() > 0 && limit < instant::max() - now) next_ = now + limit;
}

escalation::action escalation::asked(instant now, std::optional<std::chrono::nanoseconds> graceful) noexcept {
  if (phase_ == phase::running) {
    if (graceful) limits_[0] = *graceful;
    enter(phase::graceful, now);
    return action::ask;
  }
  if (phase_ != phase::graceful) return action::none;
  enter(phase::forced, now);
  return action::force;
}

void escalation::began(instant now) noexcept {
  if (phase_ == phase::running) enter(phase::graceful, now);
}

escalation::action escalation::time_passed(instant now) noexcept {
  if (!next_ || now < *next_) return action::none;
  if (phase_ == phase::graceful) {
    timed_out_ = true;
    enter(phase::forced, now);
    return action::force;
  }
  enter(phase::gave_up, now);
  return action::give_up;
}

}  // namespace steward::detail
