// SPDX-License-Identifier: Apache-2.0
//
// Any number of tasks beside their owner.
#pragma once

#include "steward/detail/beside.hpp"

#include <list>

namespace steward {

/// Runs tasks beside the coroutine that owns it, and waits for all of them in the end. Their errors are dropped: what may fail in one says so itself.
///
/// Threads: all on one.  Lifetime: until `join` has returned.
class task_scope {
 public:
  explicit task_scope(scheduler& on) noexcept : on_(&on) {}

  void start(task<> what) {
    forget_ended();
    running_.emplace_back(*on_).start(std::move(what));
  }

  /// How many run now.
  [[nodiscard]] std::size_t size() {
    forget_ended();
    return running_.size();
  }

  [[nodiscard]] task<> join() {
    while (!running_.empty()) {
      (void)co_await running_.front().join();
      running_.pop_front();
    }
    co_return {};
  }

 private:
  void forget_ended() {
    std::erase_if(running_, [](const detail::beside& each) { return each.has_ended(); });
  }

  scheduler* on_;
  std::list<detail::beside> running_;
};

}  // namespace steward
