// SPDX-License-Identifier: Apache-2.0
//
// The core's own scheduler: one thread that runs what is posted.
#pragma once

#include "steward/detail/timer_heap.hpp"
#include "steward/scheduler.hpp"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace steward {

/// A scheduler whose work is done by whichever thread calls `run`.
///
/// Threads: `post`, `post_at`, `cancel` and `finish` from any; `run` from one at a time.
/// Lifetime: destroying a loop with work or timers in it is reported and ends the program (PR11).
/// Cost: a post from the loop's own thread takes no lock (2 to 3 ns); from others a mutex and perhaps a wake-up.
class run_loop final : public scheduler {
 public:
  run_loop() = default;
  ~run_loop();

  /// Runs work until `finish` is called, waiting for more when there is none. May be called again.
  void run() noexcept;

  /// Runs what is ready now, and returns without waiting. Returns how many items ran.
  std::size_t run_ready() noexcept;

  /// Makes `run` return soon: other items that are ready, at most 64, may run first. What is left runs when the loop is run again.
  void finish() noexcept;

  void post(work& item) noexcept override;
  void post_at(timer& item, instant at) noexcept override;
  bool cancel(timer& item) noexcept override;
  [[nodiscard]] instant now() const noexcept override { return std::chrono::steady_clock::now(); }

 private:
  void take_in() noexcept;
  [[nodiscard]] bool wait_for_work() noexcept;
  [[nodiscard]] bool on_own_thread() const noexcept;

  work_queue ready_;  // of the thread that runs, without the lock

  std::mutex mutex_;
  std::condition_variable posted_;
  work_queue inbox_;
  detail::timer_heap timers_;
  std::atomic<bool> news_{false};  // something in the inbox or at the front of the timers has changed, or the loop is finished
  std::atomic<bool> timed_{false};
  bool finished_ = false;
};

}  // namespace steward
