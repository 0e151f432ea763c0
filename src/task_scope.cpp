// SPDX-License-Identifier: Apache-2.0
#include "steward/task_scope.hpp"

#include "steward/misuse.hpp"

#include <utility>

namespace steward {

task_scope::~task_scope() {
  if (size() != 0) report_misuse("task scope", "", "destroyed before its tasks have ended");
}

bool task_scope::start(task<> what) noexcept {
  holders_.fetch_add(1, std::memory_order_relaxed);
  if (run(std::move(what)).start(*on_)) return true;
  let_go();
  return false;
}

detail::detached task_scope::run(task<> what) {
  (void)co_await std::move(what);
  let_go();
}

// The owner may have destroyed the scope when this returns.
void task_scope::let_go() noexcept {
  if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) all_ended_.ring();
}

task<> task_scope::join() {
  joined_ = true;
  let_go();
  co_await all_ended_.wait();
  co_return {};
}

}  // namespace steward
