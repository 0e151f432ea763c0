// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/task.hpp"

#include <atomic>

namespace steward::detail {

/// A task that runs beside the coroutine that owns this object, and is joined later: `task.start(…); …; auto outcome = co_await task.join();`
///
/// `on_end`, if there is one, is called once when the task has ended, as a work item of the owner's scheduler, and has returned before a join ends.
/// It runs beside the owner, on another thread where the scheduler has several.
///
/// Threads: `start` and `join` where the owner runs, once each. The task may end anywhere.
/// Lifetime: from `start` to the end of `join`.
/// Cost: 48 bytes, no allocation, one atomic exchange for the end and one for the join.
class beside : private waiter {
 public:
  using function = void (*)(beside& self) noexcept;
  class join_awaiter;

  explicit beside(scheduler& owner, function on_end = nullptr) noexcept : waiter(&ended, &owner), on_end_(on_end) {}

  /// The task begins when the owner suspends next, or as posted work: never inside the call.
  void start(task<> what) noexcept {
    what_ = std::move(what);
    if (!what_.start(*this)) ended(*this);
  }

  [[nodiscard]] bool has_ended() const noexcept { return joiner_.load(std::memory_order_acquire) == gone(); }

  /// Waits until the task has ended, whatever stops meanwhile, and yields its result.
  [[nodiscard]] join_awaiter join() noexcept;

 private:
  // Once the end is published, the owner may have destroyed this object.
  static void ended(work& self) noexcept {
    auto& me = static_cast<beside&>(static_cast<waiter&>(self));
    if (me.on_end_ != nullptr) me.on_end_(me);
    waiter* const joiner = me.joiner_.exchange(me.gone(), std::memory_order_acq_rel);
    if (joiner != nullptr) transfer(*joiner);
  }

  [[nodiscard]] waiter* gone() const noexcept { return const_cast<beside*>(this); }

  task<> what_;
  function on_end_;
  std::atomic<waiter*> joiner_{nullptr};  // who joins, or this object itself: the task has ended
};

class [[nodiscard]] beside::join_awaiter {
 public:
  explicit join_awaiter(beside& of) noexcept : of_(&of) {}

  [[nodiscard]] bool await_ready() const noexcept { return of_->has_ended(); }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    waiter* nobody = nullptr;
    return of_->joiner_.compare_exchange_strong(nobody, &caller.promise(), std::memory_order_acq_rel);
  }
  [[nodiscard]] result<> await_resume() noexcept { return of_->what_.take(); }

 private:
  beside* of_;
};

inline beside::join_awaiter beside::join() noexcept { return join_awaiter(*this); }

}  // namespace steward::detail
