// SPDX-License-Identifier: Apache-2.0
//
// Runs coroutines where an Asio program runs its handlers.
#pragma once

#include "steward/scheduler.hpp"

namespace boost::asio {
class io_context;
class thread_pool;
}  // namespace boost::asio

namespace steward {

namespace detail {
class asio_core;
}

/// A scheduler whose work is done by the threads that run an `io_context` or belong to a `thread_pool`.
///
///     boost::asio::io_context io;
///     steward::asio_scheduler on(io);
///     steward::root_context root(on);
///
/// It has a queue of its own, which runs in *lanes*: at most that many items at the same time. One lane is a strand: whatever the number of threads,
/// one item runs after the other. An item that a running one posts stays on that thread until it is the item's turn; with several lanes that is true
/// of one item only, and the others go to whichever lane is free.
///
/// While work is queued, or a timer waits, Asio counts it as work, so that `run` goes on. A coroutine that waits for a stop does not count.
///
/// Threads: as every scheduler, all functions from any thread.
/// Lifetime: shorter than the `io_context` or pool. Destroying one with work or timers in it is reported and ends the program (PR11).
/// Cost: a post from an item takes no lock (3 ns); from elsewhere about 15 ns, and an Asio handler when nothing was queued. No allocation.
/// Source: decision 0013.
class asio_scheduler final : public scheduler {
 public:
  explicit asio_scheduler(boost::asio::io_context& on, unsigned lanes = 1);

  /// Shape: as many lanes as the pool has threads, unless told otherwise.
  explicit asio_scheduler(boost::asio::thread_pool& on, unsigned lanes = 0);
  ~asio_scheduler();

  void post(work& item) noexcept override;
  void post_at(timer& item, instant at) noexcept override;
  bool cancel(timer& item) noexcept override;
  [[nodiscard]] instant now() const noexcept override { return std::chrono::steady_clock::now(); }

 private:
  friend class detail::asio_core;

  detail::asio_core* core_;
};

}  // namespace steward
