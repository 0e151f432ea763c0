// SPDX-License-Identifier: Apache-2.0
//
// The early exit of a coroutine.
#pragma once

#include "steward/task.hpp"

#include <coroutine>
#include <optional>
#include <utility>

namespace steward {

namespace detail {

/// Ends the awaiting coroutine with an error: whoever awaits it destroys its frame, and with it what it still holds.
template <class Promise>
void end_with(std::coroutine_handle<Promise> ending, error why) noexcept {
  ending.promise().outcome.set(fail(std::move(why)));
  transfer(*ending.promise().continuation);
}

template <class T>
class [[nodiscard]] or_return_awaiter {
 public:
  explicit or_return_awaiter(result<T>&& outcome) noexcept : outcome_(std::move(outcome)) {}

  [[nodiscard]] bool await_ready() const noexcept { return outcome_.has_value(); }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> ending) noexcept {
    end_with(ending, std::move(outcome_.error()));
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) return std::move(*outcome_);
  }

 private:
  result<T> outcome_;
};

template <class T>
class [[nodiscard]] or_return_task_awaiter : private waiter {
 public:
  explicit or_return_task_awaiter(task<T>&& awaited) noexcept : waiter(&completed, nullptr), awaited_(std::move(awaited)) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    on = caller.promise().on;
    caller_ = caller.address();
    finish_ = [](or_return_task_awaiter& self) noexcept {
      const auto resumed = std::coroutine_handle<Promise>::from_address(self.caller_);
      self.outcome_.emplace(self.awaited_.take());
      if (self.outcome_->has_value())
        resumed.resume();
      else
        end_with(resumed, std::move(self.outcome_->error()));
    };
    if (!awaited_.start(*this)) finish_(*this);
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) return std::move(**outcome_);
  }

 private:
  static void completed(work& self) noexcept {
    auto& awaiter = static_cast<or_return_task_awaiter&>(self);
    awaiter.finish_(awaiter);
  }

  task<T> awaited_;
  std::optional<result<T>> outcome_;
  void* caller_ = nullptr;
  void (*finish_)(or_return_task_awaiter&) noexcept = nullptr;
};

}  // namespace detail

/// `T value = co_await or_return(expression);` takes the value out of a result or a task, or ends this coroutine with the error.
template <class T>
[[nodiscard]] auto or_return(result<T> outcome) noexcept {
  return detail::or_return_awaiter<T>(std::move(outcome));
}
template <class T>
[[nodiscard]] auto or_return(task<T>&& awaited) noexcept {
  return detail::or_return_task_awaiter<T>(std::move(awaited));
}

}  // namespace steward
