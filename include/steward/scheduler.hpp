// SPDX-License-Identifier: Apache-2.0
//
// Where coroutines run, and what time it is there.
#pragma once

#include "steward/instant.hpp"
#include "steward/work.hpp"

namespace steward {

/// An item that a scheduler runs at a time. At rest it costs nothing; while it waits it is linked into the scheduler's heap by itself.
class timer : public waiter {
 public:
  using waiter::waiter;

  instant at{};            ///< when it is due; set by `post_at`
  timer* child = nullptr;  ///< for the heap of the scheduler, as are the next two
  timer* sibling = nullptr;
  timer* previous = nullptr;
  bool pending = false;  ///< in the heap: for the scheduler

 protected:
  ~timer() = default;
};

/// Runs items of work, now or at a time: the one thing that the core needs of its surroundings.
///
/// Ready ones: `run_loop` (one thread), `steward::asio_scheduler` (an `io_context` or a `thread_pool`), and the virtual-time scheduler of the test
/// kit. To write one, call `execute` for each posted item.
///
/// Threads: every function may be called from any thread.
/// Lifetime: outlives everything that runs on it.
class scheduler {
 public:
  /// Runs the item soon, in the order of posting as far as it has one thread. Never runs it inside the call.
  virtual void post(work& item) noexcept = 0;

  /// Runs the item when `now()` has reached `at`; at once if it has already.
  virtual void post_at(timer& item, instant at) noexcept = 0;

  /// Takes a timer back. True: it will not run. False: it has run, runs, or is about to.
  virtual bool cancel(timer& item) noexcept = 0;

  [[nodiscard]] virtual instant now() const noexcept = 0;

  scheduler() = default;
  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;

 protected:
  virtual ~scheduler() = default;

  /// Runs an item, and then whatever it hands on to this same scheduler, up to a budget; beyond it, what is handed on is posted,
  /// so that other posted work gets its turn.
  void execute(work& item) noexcept;
};

/// Resumes a waiter from code that goes on running: by a post on the waiter's scheduler.
inline void wake(waiter& who) noexcept { who.on->post(who); }

/// Resumes a waiter from a coroutine that is itself suspending or ending: directly, without a post, where both are on one scheduler.
/// Every transfer of control between coroutines is made by this function: it never grows the stack (decision 0002).
/// Cost: about 2 ns; a post where the scheduler is another or the budget is used up.
void transfer(waiter& who) noexcept;

}  // namespace steward
