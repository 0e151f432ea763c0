// SPDX-License-Identifier: Apache-2.0
//
// The coroutine type: lazy, awaited once, completes with a result.
#pragma once

#include "steward/detail/maybe_error.hpp"
#include "steward/result.hpp"
#include "steward/scheduler.hpp"

#include <coroutine>
#include <cstddef>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

namespace steward {

class context;

template <class T = void>
class task;

namespace detail {

template <class T>
class task_awaiter;

/// What every task's promise has: it is a waiter itself, and knows who waits for it.
class promise_base : public waiter {
 public:
  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }

  waiter* continuation = nullptr;

  // Nothrow allocation lets a frame that does not fit become a failed task instead of a throw (R7).
  static void* operator new(std::size_t size) noexcept { return ::operator new(size, std::nothrow); }
  static void operator delete(void* frame, std::size_t size) noexcept { ::operator delete(frame, size); }

 protected:
  explicit promise_base(function resume) noexcept : waiter(resume, nullptr) {}
  ~promise_base() = default;
};

/// Where a promise keeps its result.
template <class T>
class outcome {
 public:
  void set(result<T>&& given) { given_.emplace(std::move(given)); }
  [[nodiscard]] result<T> take() { return *std::move(given_); }

 private:
  std::optional<result<T>> given_;
};

template <>
class outcome<void> {
 public:
  void set(result<>&& given) noexcept {
    if (!given) error_ = std::move(given.error());
  }
  [[nodiscard]] result<> take() noexcept { return error_.take(); }

 private:
  maybe_error error_;
};

struct final_awaiter {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
    transfer(*ended.promise().continuation);
  }
  void await_resume() const noexcept {}
};

template <class T>
class promise : public promise_base {
 public:
  promise() noexcept : promise_base(&resume) {}

  [[nodiscard]] task<T> get_return_object() noexcept;
  [[nodiscard]] static task<T> get_return_object_on_allocation_failure() noexcept;
  [[nodiscard]] final_awaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { outcome.set(fail(current_exception_error())); }

  /// `co_return` takes a value, `{}`, an error, an `errc`, or a whole result.
  template <class Value = result<T>>
  void return_value(Value&& value) {
    if constexpr (std::is_convertible_v<Value&&, error> && !std::is_same_v<T, error>)
      outcome.set(fail(std::forward<Value>(value)));
    else
      outcome.set(result<T>(std::forward<Value>(value)));
  }

  detail::outcome<T> outcome;

 private:
  static void resume(work& self) noexcept { std::coroutine_handle<promise>::from_promise(static_cast<promise&>(self)).resume(); }
};

/// The promise of a coroutine with a `context&` among its parameters: remembers the first of them, for waits that stop with it without being told.
/// Others do not pay for it: 8 bytes are the step from one size class of the allocator to the next.
template <class T>
class context_promise final : public promise<T> {
 public:
  template <class... Parameters>
  explicit context_promise(Parameters&... given) noexcept : given_(first(given...)) {}

  [[nodiscard]] context& given_context() const noexcept { return *given_; }

 private:
  template <class First, class... Others>
  [[nodiscard]] static context* first(First& given, Others&... others) noexcept {
    if constexpr (std::is_same_v<First, context>)
      return &given;
    else
      return first(others...);
  }

  context* given_;
};

}  // namespace detail

/// A computation that runs when it is awaited, and completes with `result<T>`.
///
/// A coroutine that returns `task<T>` says how it went with `co_return`: a value, `{}` for success of a `task<>`, an error, or a result. An exception
/// that escapes it becomes an error (R7), and so does a frame for which there is no memory.
///
/// Await a task once: `auto got = co_await read(ctx);`. The result is there when everything inside has been destroyed.
/// `co_await or_return(read(ctx))` gives the value itself, and ends the awaiting coroutine with the error if there is one.
///
/// Threads: a task resumes on its scheduler, which it has from whoever awaits it, or from the context of a `runnable` or `callback`.
/// Lifetime: dropping a task that was never awaited destroys its arguments. A task that runs is never dropped.
/// Cost: one allocation for the frame; about 2 ns to enter and to leave.
/// Source: decision 0002.
template <class T>
class [[nodiscard]] task {
 public:
  using promise_type = detail::promise<T>;
  using value_type = T;

  /// Holds nothing: what a task is when there was no memory for its frame. Awaiting it fails with `out_of_memory`.
  task() noexcept = default;
  task(task&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
  task& operator=(task&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~task() {
    if (frame_) frame_.destroy();
  }

  /// Makes it run on `where`, whoever awaits it.
  task&& on(scheduler& where) && noexcept {
    if (frame_) frame_.promise().on = &where;
    return std::move(*this);
  }

  [[nodiscard]] auto operator co_await() && noexcept { return detail::task_awaiter<T>(std::move(*this)); }

  /// For those who are no coroutines: runs the task on the scheduler of `continuation`, which is resumed when it has completed.
  /// False, and nothing happens, if there was no memory for the task.
  [[nodiscard]] bool start(waiter& continuation) noexcept {
    if (!frame_) return false;
    auto& promise = frame_.promise();
    promise.continuation = &continuation;
    if (promise.on == nullptr) promise.on = continuation.on;
    transfer(promise);
    return true;
  }

  /// The result of a completed task. Destroys the frame before it returns.
  [[nodiscard]] result<T> take() noexcept(std::is_nothrow_move_constructible_v<result<T>>) {
    if (!frame_) return fail(errc::out_of_memory);
    result<T> outcome = frame_.promise().outcome.take();
    std::exchange(frame_, {}).destroy();
    return outcome;
  }

 private:
  friend promise_type;
  template <class>
  friend class detail::task_awaiter;

  explicit task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}

  std::coroutine_handle<promise_type> frame_;
};

namespace detail {

template <class T>
task<T> promise<T>::get_return_object() noexcept {
  return task<T>(std::coroutine_handle<promise>::from_promise(*this));
}

template <class T>
task<T> promise<T>::get_return_object_on_allocation_failure() noexcept {
  return {};
}

template <class T>
class [[nodiscard]] task_awaiter {
 public:
  explicit task_awaiter(task<T>&& awaited) noexcept : awaited_(std::move(awaited)) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    return awaited_.start(caller.promise());
  }
  [[nodiscard]] result<T> await_resume() { return awaited_.take(); }

 private:
  task<T> awaited_;
};

}  // namespace detail

}  // namespace steward

template <class T, class... Parameters>
  requires(std::is_same_v<Parameters, steward::context&> || ...)
struct std::coroutine_traits<steward::task<T>, Parameters...> {
  using promise_type = steward::detail::context_promise<T>;
  // A task resumes and destroys its coroutine by a handle of the base, which finds the frame because both begin at one address.
  static_assert(alignof(promise_type) == alignof(steward::detail::promise<T>));
};

#include "steward/or_return.hpp"
