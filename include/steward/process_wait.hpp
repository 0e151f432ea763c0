// SPDX-License-Identifier: Apache-2.0
//
// What the functions of `process` return: awaitables that yield `result<>`. Their types appear only in `co_await` expressions.
#pragma once

#include "steward/process.hpp"

#include <utility>

namespace steward {

/// The wait of `process::start`.
class [[nodiscard]] start_awaiter : private detail::hook {
 public:
  start_awaiter(process& what, context& ctx) noexcept : hook(&context_stopped), process_(&what), context_(&ctx) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    return begin(caller.promise());
  }
  result<> await_resume() noexcept;

  /// For those who want a task: `start_stop`, `or_return`.
  operator task<>() const { return as_task(*process_, *context_); }  // NOLINT(google-explicit-constructor): PR14

 private:
  bool begin(waiter& who) noexcept;
  static void context_stopped(detail::hook& self) noexcept;
  static task<> as_task(process& what, context& ctx);

  process* process_;
  context* context_;
  bool refused_ = false;        // not in initial
  bool added_ = false;          // registered with the context
  bool context_first_ = false;  // the context stopped before the process was ready, or had ended; guarded by the process's lock
};

/// The wait of `process::stop`.
class [[nodiscard]] stop_awaiter : private detail::hook {
 public:
  stop_awaiter(process& what, context& ctx) noexcept : hook(&context_stopped), process_(&what), context_(&ctx) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    return begin(caller.promise());
  }
  result<> await_resume() noexcept;

  operator task<>() const { return as_task(*process_, *context_); }  // NOLINT(google-explicit-constructor): PR14

 private:
  enum class refusal : unsigned char { none, invalid_state, inside };

  bool begin(waiter& who) noexcept;
  static void context_stopped(detail::hook& self) noexcept;
  static task<> as_task(process& what, context& ctx);

  process* process_;
  context* context_;
  waiter* who_ = nullptr;
  refusal refused_ = refusal::none;
  bool initial_ = false;        // it had not been started
  bool added_ = false;          // registered with the context
  bool context_first_ = false;  // the context stopped before the process had ended; guarded by the process's lock
};

/// The wait of `process::done`.
class [[nodiscard]] done_awaiter : private detail::hook {
 public:
  done_awaiter(process& what, context& ctx) noexcept : hook(&context_stopped), process_(&what), context_(&ctx) {}

  [[nodiscard]] bool await_ready() const noexcept { return process_->is_done(); }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    return begin(caller.promise());
  }
  result<> await_resume() noexcept;

  operator task<>() const { return as_task(*process_, *context_); }  // NOLINT(google-explicit-constructor): as the others

 private:
  friend class process;

  bool begin(waiter& who) noexcept;
  static void context_stopped(detail::hook& self) noexcept;
  static task<> as_task(process& what, context& ctx);

  process* process_;
  context* context_;
  detail::done_node node_;
  bool added_ = false;
  bool context_first_ = false;
};

namespace detail {

/// Waits until a process is gone, whatever else stops: for those who have forced it.
class [[nodiscard]] gone_awaiter {
 public:
  explicit gone_awaiter(process& what) noexcept : process_(&what) {}

  [[nodiscard]] bool await_ready() const noexcept { return process_->is_done(); }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    node_.who = &caller.promise();
    return process_->watch(node_);
  }
  void await_resume() const noexcept {}

 private:
  process* process_;
  done_node node_;
};

}  // namespace detail

/// `co_await or_return(web.start(ctx));`
[[nodiscard]] inline auto or_return(task<>&& awaited) noexcept { return or_return<void>(std::move(awaited)); }

inline start_awaiter process::start(context& ctx) noexcept { return {*this, ctx}; }
inline stop_awaiter process::stop(context& ctx) noexcept { return {*this, ctx}; }
inline done_awaiter process::done(context& ctx) noexcept { return {*this, ctx}; }

}  // namespace steward
