// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/scheduler.hpp"

#include <coroutine>

namespace steward::detail {

/// `co_await yield();` lets what is queued run first.
struct yield {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) const noexcept {
    wake(caller.promise());
  }
  void await_resume() const noexcept {}
};

}  // namespace steward::detail
