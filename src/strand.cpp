// SPDX-License-Identifier: Apache-2.0
#include "steward/detail/strand.hpp"

#include <mutex>
#include <new>

namespace steward::detail {
namespace {

// Few, so that what the items have posted below runs soon after them.
constexpr int items_in_a_turn = 16;

}  // namespace

strand* strand::make(scheduler& below) noexcept { return new (std::nothrow) strand(below); }

void strand::let_go() noexcept {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

void strand::post(work& item) noexcept {
  const std::lock_guard guard(lock_);
  queue_.push(item);
  schedule();
}

void strand::schedule() noexcept {
  if (scheduled_) return;
  scheduled_ = true;
  hold();
  below_.post(turn_);
}

void strand::run_some() noexcept {
  for (int i = 0; i < items_in_a_turn; ++i) {
    std::unique_lock guard(lock_);
    if (queue_.empty()) break;
    work& item = queue_.pop();
    guard.unlock();
    execute(item);
  }
  {
    const std::lock_guard guard(lock_);
    scheduled_ = false;
    if (!queue_.empty()) schedule();
  }
  let_go();
}

void strand::post_at(timer& item, instant at) noexcept {
  item.at = at;
  const std::lock_guard guard(lock_);
  timers_.add(item);
  arm();
}

bool strand::cancel(timer& item) noexcept {
  const std::lock_guard guard(lock_);
  if (!timers_.remove(item)) return false;
  arm();
  return true;
}

// Sets the alarm for the earliest timer. One that cannot be taken back rings too early, finds nothing due, and sets itself again.
void strand::arm() noexcept {
  const timer* first = timers_.earliest();
  if (armed_) {
    if (first != nullptr && first->at >= armed_for_) return;
    if (!below_.cancel(alarm_)) return;
    armed_ = false;
    references_.fetch_sub(1, std::memory_order_relaxed);  // whoever calls holds another
  }
  if (first == nullptr) return;
  armed_ = true;
  armed_for_ = first->at;
  hold();
  below_.post_at(alarm_, armed_for_);
}

void strand::take_due() noexcept {
  {
    const std::lock_guard guard(lock_);
    armed_ = false;
    const instant time = now();
    while (timer* due = timers_.earliest()) {
      if (due->at > time) break;
      timers_.remove(*due);
      queue_.push(*due);
    }
    if (!queue_.empty()) schedule();
    arm();
  }
  let_go();
}

}  // namespace steward::detail
