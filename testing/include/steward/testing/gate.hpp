// SPDX-License-Identifier: Apache-2.0
//
// What a test holds coroutines with, whatever happens to their contexts.
#pragma once

#include "steward/scheduler.hpp"

#include <chrono>
#include <coroutine>
#include <vector>

namespace steward::testing {

/// Closed until `open` is called: `co_await gate.passed()` waits for it, and for nothing else.
/// Threads: one.
class gate {
 public:
  void open() noexcept {
    open_ = true;
    for (waiter* each : waiting_) wake(*each);
    waiting_.clear();
  }

  /// Whoever comes from now on waits again.
  void close() noexcept { open_ = false; }

  [[nodiscard]] bool is_open() const noexcept { return open_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }

  class [[nodiscard]] passed_awaiter {
   public:
    explicit passed_awaiter(gate& at) noexcept : gate_(&at) {}
    [[nodiscard]] bool await_ready() const noexcept { return gate_->open_; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> caller) {
      gate_->waiting_.push_back(&caller.promise());
    }
    void await_resume() const noexcept {}

   private:
    gate* gate_;
  };
  [[nodiscard]] passed_awaiter passed() noexcept { return passed_awaiter(*this); }

 private:
  std::vector<waiter*> waiting_;
  bool open_ = false;
};

/// `co_await deaf_sleep(100ms)` waits for the time to pass and cannot be stopped: what a component does that ignores its context.
class [[nodiscard]] deaf_sleep : private timer {
 public:
  explicit deaf_sleep(std::chrono::nanoseconds duration) noexcept : timer(&over, nullptr), duration_(duration) {}
  deaf_sleep(deaf_sleep&& other) noexcept : deaf_sleep(other.duration_) {}  // only before it is awaited

  [[nodiscard]] bool await_ready() const noexcept { return duration_ <= std::chrono::nanoseconds::zero(); }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    who_ = &caller.promise();
    timer::on = who_->on;
    timer::on->post_at(*this, timer::on->now() + duration_);
  }
  void await_resume() const noexcept {}

 private:
  static void over(work& self) noexcept { transfer(*static_cast<deaf_sleep&>(static_cast<timer&>(self)).who_); }

  std::chrono::nanoseconds duration_;
  waiter* who_ = nullptr;
};

}  // namespace steward::testing
