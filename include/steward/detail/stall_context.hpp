// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/context.hpp"
#include "steward/detail/alarm.hpp"

#include <chrono>
#include <utility>

namespace steward::detail {

/// A child context that stops with reason `deadline` when nothing has moved under it for `limit`, or for up to twice as long: to say that something
/// has moved costs nothing that way. Zero or less is no limit.
///
/// Threads: made, told and destroyed where `on` runs it.  Lifetime: as any context.
class stall_context final : public context {
 public:
  stall_context(context& parent, steward::scheduler& on, std::chrono::nanoseconds limit) : context(parent), on_(on), limit_(limit) {
    if (limit.count() > 0) wait();
  }
  ~stall_context() { alarm<stall_context>::drop(alarm_); }

  void moved() noexcept { moved_ = true; }

 private:
  void wait() { alarm_ = alarm<stall_context>::set(on_, later(on_.now(), limit_), &over, *this); }
  static void over(stall_context& self) {
    self.alarm_ = nullptr;
    if (!std::exchange(self.moved_, false)) return static_cast<void>(self.stop(stop_reason::deadline));
    self.wait();
  }

  steward::scheduler& on_;
  std::chrono::nanoseconds limit_;
  bool moved_ = false;
  alarm<stall_context>* alarm_ = nullptr;
};

}  // namespace steward::detail
