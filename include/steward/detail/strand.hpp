// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/detail/spin_lock.hpp"
#include "steward/detail/timer_heap.hpp"
#include "steward/scheduler.hpp"

#include <atomic>
#include <cstdint>

namespace steward::detail {

/// A scheduler on top of another that never runs two items at once, whatever the number of threads below. What runs on one strand needs no locks
/// among itself.
///
/// Lifetime: shared by counting; whatever is queued below holds it, so it may be let go of while its last item is still returning.
class strand final : public scheduler {
 public:
  /// Starts with one reference. Empty when there is no memory for it.
  [[nodiscard]] static strand* make(scheduler& below) noexcept;

  void hold() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void let_go() noexcept;

  void post(work& item) noexcept override;
  void post_at(timer& item, instant at) noexcept override;
  bool cancel(timer& item) noexcept override;
  [[nodiscard]] instant now() const noexcept override { return below_.now(); }

 private:
  /// Runs the queue, below.
  class turn final : public work {
   public:
    explicit turn(strand& of) noexcept : work(&run), of_(of) {}

   private:
    static void run(work& self) noexcept { static_cast<turn&>(self).of_.run_some(); }
    strand& of_;
  };

  /// Waits, below, for the earliest timer.
  class alarm final : public timer {
   public:
    explicit alarm(strand& of) noexcept : timer(&ring, &of.below_), of_(of) {}

   private:
    static void ring(work& self) noexcept { static_cast<alarm&>(static_cast<timer&>(self)).of_.take_due(); }
    strand& of_;
  };

  explicit strand(scheduler& below) noexcept : below_(below), turn_(*this), alarm_(*this) {}
  ~strand() = default;

  void run_some() noexcept;
  void take_due() noexcept;
  void schedule() noexcept;
  void arm() noexcept;

  scheduler& below_;
  std::atomic<std::uint32_t> references_{1};
  spin_lock lock_;
  work_queue queue_;
  timer_heap timers_;
  bool scheduled_ = false;  // a turn is queued below, or running
  bool armed_ = false;      // the alarm is set below, or ringing
  instant armed_for_{};
  turn turn_;
  alarm alarm_;
};

}  // namespace steward::detail
