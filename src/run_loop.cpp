// SPDX-License-Identifier: Apache-2.0
#include "steward/run_loop.hpp"

#include "steward/misuse.hpp"

#include <utility>

namespace steward {
namespace {

thread_local constinit run_loop* running = nullptr;

// Work that keeps posting work must not starve timers and other threads' posts.
constexpr int items_between_looks = 64;

}  // namespace

run_loop::~run_loop() {
  if (!ready_.empty() || !inbox_.empty() || timers_.earliest() != nullptr) report_misuse("run loop", "", "destroyed with work in it");
}

bool run_loop::on_own_thread() const noexcept { return running == this; }

void run_loop::run() noexcept {
  run_loop* const outer = std::exchange(running, this);
  do {
    run_ready();
  } while (wait_for_work());
  running = outer;
}

std::size_t run_loop::run_ready() noexcept {
  run_loop* const outer = std::exchange(running, this);
  std::size_t count = 0;
  take_in();
  while (!ready_.empty()) {
    for (int i = 0; i < items_between_looks && !ready_.empty(); ++i, ++count) execute(ready_.pop());
    if (news_.load(std::memory_order_relaxed) || timed_.load(std::memory_order_relaxed)) {
      const std::lock_guard guard(mutex_);
      if (finished_) break;
    }
    take_in();
  }
  running = outer;
  return count;
}

// Moves due timers and what other threads have posted to the ready queue.
void run_loop::take_in() noexcept {
  if (!news_.load(std::memory_order_acquire) && !timed_.load(std::memory_order_relaxed)) return;
  const std::lock_guard guard(mutex_);
  news_.store(finished_, std::memory_order_relaxed);
  ready_.append(inbox_);
  if (timers_.earliest() == nullptr) return;
  const instant time = now();
  while (timer* due = timers_.earliest()) {
    if (due->at > time) break;
    timers_.remove(*due);
    ready_.push(*due);
  }
  timed_.store(timers_.earliest() != nullptr, std::memory_order_relaxed);
}

// False when the loop is finished.
bool run_loop::wait_for_work() noexcept {
  std::unique_lock guard(mutex_);
  while (!finished_ && ready_.empty() && inbox_.empty()) {
    const timer* first = timers_.earliest();
    if (first == nullptr) {
      posted_.wait(guard);
      continue;
    }
    const instant until = first->at;  // a copy: meanwhile another thread may take the timer back, and free it
    if (until <= now()) break;
    posted_.wait_until(guard, until);
  }
  return !std::exchange(finished_, false);
}

void run_loop::finish() noexcept {
  const std::lock_guard guard(mutex_);
  finished_ = true;
  news_.store(true, std::memory_order_release);
  posted_.notify_all();
}

void run_loop::post(work& item) noexcept {
  if (on_own_thread()) {
    ready_.push(item);
    return;
  }
  const std::lock_guard guard(mutex_);
  inbox_.push(item);
  news_.store(true, std::memory_order_release);
  posted_.notify_one();
}

void run_loop::post_at(timer& item, instant at) noexcept {
  item.at = at;
  const std::lock_guard guard(mutex_);
  timers_.add(item);
  timed_.store(true, std::memory_order_relaxed);
  if (!on_own_thread()) posted_.notify_one();
}

bool run_loop::cancel(timer& item) noexcept {
  const std::lock_guard guard(mutex_);
  return timers_.remove(item);
}

}  // namespace steward
