// SPDX-License-Identifier: Apache-2.0
//
// A task that runs beside the test.
#pragma once

#include "steward/misuse.hpp"
#include "steward/task.hpp"

#include <concepts>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace steward::testing {

/// Runs a task on a scheduler, from outside of any coroutine, and keeps its result.
///
///     background stopping(time, web.stop(ctx));                        // what converts to a task
///     background reading(time, [&]() -> task<int> { … co_return 1; }); // or makes one; the lambda is kept as long as it runs
///
/// Threads: made and asked where its scheduler runs.
/// Lifetime: destroying it before the task has completed is reported and ends the program.
template <class T>
class background final : private waiter {
 public:
  background(scheduler& on, task<T> what) : background(on) { running_ = std::move(what); }

  template <std::invocable F>
  background(scheduler& on, F make) : background(on) {
    make_ = std::move(make);
  }

  /// What converts to a task: the awaitables of `process`.
  template <class Awaitable>
    requires(std::convertible_to<const Awaitable&, task<T>>)
  background(scheduler& on, const Awaitable& awaitable) : background(on, static_cast<task<T>>(awaitable)) {}

  background(const background&) = delete;
  background& operator=(const background&) = delete;
  ~background() {
    if (!outcome_) report_misuse("background task", "", "destroyed before it has completed");
  }

  [[nodiscard]] bool done() const noexcept { return outcome_.has_value(); }

  /// The result.  Shape: only when `done`.
  [[nodiscard]] result<T>& outcome() noexcept { return *outcome_; }
  [[nodiscard]] const result<T>& outcome() const noexcept { return *outcome_; }

  /// How it ended, in words: `running`, `success`, or the error.
  [[nodiscard]] std::string text() const {
    if (!outcome_) return "running";
    return outcome_->has_value() ? "success" : outcome_->error().to_string();
  }

  /// `co_await job` waits until it is done, and yields true. For one waiter.
  class [[nodiscard]] joined {
   public:
    explicit joined(background& job) noexcept : job_(&job) {}
    [[nodiscard]] bool await_ready() const noexcept { return job_->done(); }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> caller) noexcept {
      job_->joiner_ = &caller.promise();
    }
    void await_resume() const noexcept {}

   private:
    background* job_;
  };
  [[nodiscard]] joined operator co_await() noexcept { return joined(*this); }

 private:
  explicit background(scheduler& on) noexcept : waiter(&step, &on) { on.post(*this); }

  static void step(work& self) noexcept {
    auto& me = static_cast<background&>(static_cast<waiter&>(self));
    if (!std::exchange(me.started_, true)) {
      if (me.make_) me.running_ = me.make_();
      if (me.running_.start(me)) return;
    }
    me.outcome_.emplace(me.running_.take());
    if (me.joiner_ != nullptr) wake(*me.joiner_);
  }

  std::function<task<T>()> make_;
  task<T> running_;
  std::optional<result<T>> outcome_;
  waiter* joiner_ = nullptr;
  bool started_ = false;
};

template <class T>
background(scheduler&, task<T>) -> background<T>;
template <std::invocable F>
background(scheduler&, F) -> background<typename std::invoke_result_t<F&>::value_type>;
template <class Awaitable>
  requires(std::convertible_to<const Awaitable&, task<>>)
background(scheduler&, const Awaitable&) -> background<void>;

}  // namespace steward::testing
