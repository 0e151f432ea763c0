// SPDX-License-Identifier: Apache-2.0
//
// Any number of tasks beside their owner.
#pragma once

#include "steward/detail/detached.hpp"
#include "steward/doorbell.hpp"

#include <atomic>
#include <cstddef>

namespace steward {

/// Runs tasks beside the coroutine that owns it, and waits for all of them in the end: a server's connections, a watcher beside what it watches.
///
///     task_scope connections(ctx.scheduler());
///     for (…) connections.start(serve(ctx, std::move(socket)));
///     co_await connections.join();
///
/// Stop: none of its own; tasks end when the contexts that they were given stop.
/// Errors: what a task returns is dropped; one that may fail says so itself.
/// Threads: `start` from any, `size` and `join` where the owner runs; on a scheduler with several threads the tasks run at the same time.
/// Lifetime: until `join` has returned. Destroying it while a task runs is reported and ends the program (PR11).
/// Cost: one allocation a task, beside its own; both are given back when it ends.
class task_scope {
 public:
  explicit task_scope(scheduler& on) noexcept : on_(&on) {}
  task_scope(const task_scope&) = delete;
  task_scope& operator=(const task_scope&) = delete;
  ~task_scope();

  /// The task begins as posted work, never inside the call.  Shape: before `join`, or by a task of this scope. False, and nothing happens, if there
  /// is no memory for it.
  bool start(task<> what) noexcept;

  /// How many run now.
  [[nodiscard]] std::size_t size() const noexcept { return holders_.load(std::memory_order_acquire) - (joined_ ? 0 : 1); }

  /// Waits until all have ended, whatever stops meanwhile.  Shape: once.
  [[nodiscard]] task<> join();

 private:
  [[nodiscard]] detail::detached run(task<> what);
  void let_go() noexcept;

  scheduler* on_;
  std::atomic<std::size_t> holders_{1};  // the tasks, and the owner until it joins: who lets go last rings
  bool joined_ = false;
  doorbell all_ended_;
};

}  // namespace steward
