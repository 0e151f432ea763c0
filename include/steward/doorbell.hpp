// SPDX-License-Identifier: Apache-2.0
//
// How one coroutine tells another that there is something to do.
#pragma once

#include "steward/task.hpp"

#include <atomic>
#include <coroutine>

namespace steward {

/// Rung by those who have left something to do, waited for by the one who does it. A ring while nobody waits is kept; several are one.
///
///     list.push_back(what);                        // in one place
///     work_left.ring();
///
///     co_await or_return(work_left.wait(ctx));     // in another: then take all that is in the list
///
/// Threads: `ring` from any thread; one coroutine waits at a time.
/// Lifetime: longer than every call of `ring`, and than the wait.
/// Cost: 8 bytes; an atomic exchange a ring, and one allocation a wait under a context.
class doorbell {
 public:
  class wait_awaiter;

  void ring() noexcept {
    void* const before = state_.exchange(this, std::memory_order_acq_rel);
    if (before != nullptr && before != this) wake(*static_cast<waiter*>(before));
  }

  /// Waits for a ring and for nothing else: whoever owns the bell rings it in the end.
  [[nodiscard]] wait_awaiter wait() noexcept;

  /// Waits for a ring.  Stop: ends the wait, and takes a ring with it.  Errors: the stop's.
  [[nodiscard]] task<> wait(context& ctx);

 private:
  std::atomic<void*> state_{nullptr};  // who waits, or this object itself: it was rung
};

class [[nodiscard]] doorbell::wait_awaiter {
 public:
  explicit wait_awaiter(doorbell& of) noexcept : of_(&of) {}

  [[nodiscard]] bool await_ready() const noexcept { return of_->state_.load(std::memory_order_acquire) != nullptr; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    waiter& who = caller.promise();
    void* quiet = nullptr;
    return of_->state_.compare_exchange_strong(quiet, &who, std::memory_order_acq_rel);
  }
  void await_resume() const noexcept { of_->state_.exchange(nullptr, std::memory_order_acq_rel); }

 private:
  doorbell* of_;
};

inline doorbell::wait_awaiter doorbell::wait() noexcept { return wait_awaiter(*this); }

}  // namespace steward
