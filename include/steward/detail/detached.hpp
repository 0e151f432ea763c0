// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/result.hpp"
#include "steward/scheduler.hpp"

#include <coroutine>
#include <cstddef>
#include <exception>
#include <new>

namespace steward::detail {

/// A coroutine that nobody awaits, for owners who count what they have begun. It frees itself when it ends.
///
/// Shape: `if (!work_on(it).start(on)) …`; false when there was no memory for it. It lets no exception out: what may throw in it is caught there.
class [[nodiscard]] detached {
 public:
  class promise_type final : public waiter {
   public:
    promise_type() noexcept : waiter(&resume, nullptr) {}
    [[nodiscard]] detached get_return_object() noexcept { return detached(std::coroutine_handle<promise_type>::from_promise(*this)); }
    [[nodiscard]] static detached get_return_object_on_allocation_failure() noexcept { return detached(nullptr); }
    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }

    static void* operator new(std::size_t size) noexcept { return ::operator new(size, std::nothrow); }
    static void operator delete(void* frame, std::size_t size) noexcept { ::operator delete(frame, size); }

   private:
    static void resume(work& self) noexcept {
      std::coroutine_handle<promise_type>::from_promise(static_cast<promise_type&>(static_cast<waiter&>(self))).resume();
    }
  };

  /// Posts its first step.
  [[nodiscard]] bool start(scheduler& on) && noexcept {
    if (!frame_) return false;
    frame_.promise().on = &on;
    wake(frame_.promise());
    return true;
  }

  /// Takes its first step before it returns.
  [[nodiscard]] bool start_here(scheduler& on) && noexcept {
    if (!frame_) return false;
    frame_.promise().on = &on;
    frame_.resume();
    return true;
  }

 private:
  explicit detached(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}

  std::coroutine_handle<promise_type> frame_;
};

}  // namespace steward::detail
