// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/scheduler.hpp"

#include <coroutine>
#include <utility>

namespace steward::detail {

/// Rung by those who have something to tell, waited for by one coroutine at a time. A ring while nobody waits is kept; several are one.
/// A wait has no context: whoever owns the bell rings it in the end.
///
/// Threads: all on one.
class bell {
 public:
  class wait_awaiter;

  void ring() noexcept {
    rung_ = true;
    if (waiting_ != nullptr) wake(*std::exchange(waiting_, nullptr));
  }

  [[nodiscard]] wait_awaiter wait() noexcept;

 private:
  waiter* waiting_ = nullptr;
  bool rung_ = false;
};

class [[nodiscard]] bell::wait_awaiter {
 public:
  explicit wait_awaiter(bell& of) noexcept : of_(of) {}
  [[nodiscard]] bool await_ready() const noexcept { return of_.rung_; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) const noexcept {
    of_.waiting_ = &caller.promise();
  }
  void await_resume() const noexcept { of_.rung_ = false; }

 private:
  bell& of_;
};

inline bell::wait_awaiter bell::wait() noexcept { return wait_awaiter(*this); }

}  // namespace steward::detail
