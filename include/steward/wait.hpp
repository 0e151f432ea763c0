// SPDX-License-Identifier: Apache-2.0
//
// The waits that a context offers. Their types appear only in `co_await` expressions.
#pragma once

#include "steward/context.hpp"

#include <atomic>
#include <coroutine>

namespace steward {

/// `co_await ctx.stopped()`: ends when the context stops, as a work item of the waiter's own scheduler, and yields the stop's error (C5).
class [[nodiscard]] stopped_awaiter : private detail::hook {
 public:
  explicit stopped_awaiter(context& on) noexcept : hook(&stopped), context_(&on) {}

  [[nodiscard]] bool await_ready() const noexcept { return context_->is_stopped(); }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    who_ = &caller.promise();
    added_ = true;
    return context_->add(*this);
  }

  error await_resume() noexcept {
    if (added_) context_->withdraw(*this);
    return *context_->stop_error();
  }

 private:
  static void stopped(detail::hook& self) noexcept { wake(*static_cast<stopped_awaiter&>(self).who_); }

  context* context_;
  waiter* who_ = nullptr;
  bool added_ = false;
};

/// `co_await ctx.sleep_for(…)`: ends when the time has passed, with success, or when the context stops, with the stop's error.
class [[nodiscard]] sleep_awaiter : private detail::hook, private timer {
 public:
  sleep_awaiter(context& on, instant until) noexcept : hook(&stopped), timer(&fired, nullptr), context_(&on), until_(until) {}

  [[nodiscard]] bool await_ready() const noexcept { return context_->is_stopped(); }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    return begin(caller.promise());
  }

  result<> await_resume() noexcept;

 private:
  bool begin(waiter& who) noexcept;
  static void stopped(detail::hook& self) noexcept;
  static void fired(work& self) noexcept;

  context* context_;
  instant until_;
  waiter* who_ = nullptr;
  std::atomic<unsigned char> seen_{0};
  bool added_ = false;
};

inline stopped_awaiter context::stopped() noexcept { return stopped_awaiter(*this); }
inline sleep_awaiter context::sleep_for(std::chrono::nanoseconds duration) noexcept { return {*this, later(now(), duration)}; }
inline sleep_awaiter context::sleep_until(instant when) noexcept { return {*this, when}; }

}  // namespace steward
