// SPDX-License-Identifier: Apache-2.0
//
// One at a time: what a mutex is between threads, between coroutines that wait.
#pragma once

#include "steward/context.hpp"
#include "steward/detail/spin_lock.hpp"

#include <coroutine>
#include <mutex>

namespace steward {

/// Lets one coroutine through at a time, in the order of arrival; each waits until its turn comes or its context stops.
///
///     co_await or_return(co_await gate.enter(ctx));
///     auto outcome = co_await what_must_not_go_twice(ctx);
///     gate.leave();
///
/// Stop: ends a wait.  Threads: any.  Lifetime: longer than every wait.  Cost: 32 bytes, and no allocation for a wait.
class turnstile {
 public:
  class enter_awaiter;

  /// `auto entered = co_await gate.enter(ctx);` then, if it succeeded, `gate.leave()`.  Errors: the stop's.
  [[nodiscard]] enter_awaiter enter(context& ctx) noexcept;

  /// For the one that is inside: the next gets its turn.
  void leave() noexcept;

 private:
  detail::spin_lock lock_;
  bool taken_ = false;
  enter_awaiter* first_ = nullptr;
  enter_awaiter** last_ = &first_;
};

class [[nodiscard]] turnstile::enter_awaiter : private detail::hook {
 public:
  enter_awaiter(turnstile& gate, context& ctx) noexcept : hook(&context_stopped), gate_(&gate), context_(&ctx) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    who_ = &caller.promise();
    return begin();
  }
  result<> await_resume() noexcept;

 private:
  friend class turnstile;

  bool begin() noexcept;
  void unlink() noexcept;
  static void context_stopped(detail::hook& self) noexcept;

  turnstile* gate_;
  context* context_;
  waiter* who_ = nullptr;
  enter_awaiter* next_ = nullptr;
  bool added_ = false;
  bool queued_ = false;
  bool entered_ = false;
};

inline turnstile::enter_awaiter turnstile::enter(context& ctx) noexcept { return {*this, ctx}; }

}  // namespace steward
