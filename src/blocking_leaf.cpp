// SPDX-License-Identifier: Apache-2.0
#include "steward/blocking_leaf.hpp"

#include "steward/detail/spin_lock.hpp"
#include "steward/stop_callback.hpp"

#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace steward {

result<> detail::blocking_step::operator()(std::stop_token token) noexcept {
  if (!call_) return fail(errc::empty_runnable);
  try {
    return call_(std::move(token));
  } catch (...) {
    return fail(current_exception_error());
  }
}

namespace {

/// `co_await call` runs a function on a new thread, and resumes when it has returned.
class [[nodiscard]] call_on_thread {
 public:
  call_on_thread(detail::blocking_step& what, std::stop_token token) noexcept : what_(&what), token_(std::move(token)) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    return begin(caller.promise());
  }
  [[nodiscard]] result<> await_resume() noexcept {
    if (thread_.joinable()) thread_.join();
    return *std::move(outcome_);
  }

 private:
  bool begin(waiter& who) noexcept {
    // The new thread may be through before its handle is in its place; it takes the lock before it lets the coroutine go on.
    const std::lock_guard guard(assigning_);
    try {
      thread_ = std::thread([this, &who] { work(who); });
      return true;
    } catch (const std::system_error& why) {
      outcome_.emplace(fail(error(why.code()).prefixed("cannot start a thread: ")));
    } catch (...) {
      outcome_.emplace(fail(current_exception_error().prefixed("cannot start a thread: ")));
    }
    return false;
  }

  void work(waiter& who) noexcept {
    outcome_.emplace((*what_)(token_));
    {
      const std::lock_guard guard(assigning_);
    }
    wake(who);
  }

  detail::blocking_step* what_;
  std::stop_token token_;
  std::optional<result<>> outcome_;
  detail::spin_lock assigning_;
  std::thread thread_;
};

class on_thread {
 public:
  explicit on_thread(detail::blocking_step what) : what_(std::move(what)) {}

  task<> operator()(context& ctx) {
    const stop_token_bridge bridge(ctx);
    call_on_thread call(what_, bridge.token());
    co_return co_await call;
  }

 private:
  detail::blocking_step what_;
};

}  // namespace

runnable blocking_leaf(detail::blocking_step foreground, detail::step graceful_stop) {
  return leaf(on_thread(std::move(foreground)), std::move(graceful_stop));
}

}  // namespace steward
