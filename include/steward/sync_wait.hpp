// SPDX-License-Identifier: Apache-2.0
//
// From a plain thread into coroutines and back.
#pragma once

#include "steward/root_context.hpp"
#include "steward/run_loop.hpp"
#include "steward/task.hpp"

#include <concepts>
#include <semaphore>
#include <type_traits>

namespace steward {

namespace detail {

/// Starts a task from outside of any coroutine, and calls `on_end` when it has completed.
template <class OnEnd>
class outside_waiter final : public waiter {
 public:
  outside_waiter(scheduler& on, OnEnd& on_end) noexcept : waiter(&ended, &on), on_end_(on_end) {}

 private:
  static void ended(work& self) noexcept { static_cast<outside_waiter&>(static_cast<waiter&>(self)).on_end_(); }

  OnEnd& on_end_;
};

template <class T>
[[nodiscard]] task<T> as_task(task<T>&& given) noexcept {
  return std::move(given);
}
template <std::convertible_to<task<>> Awaitable>
[[nodiscard]] task<> as_task(Awaitable&& given) {
  return std::forward<Awaitable>(given);
}

}  // namespace detail

/// Runs `body(ctx)` on a run loop of its own, on this thread, and returns its result when it has completed.
///
///     int main() { return steward::sync_wait([](steward::context& ctx) { return serve(ctx); }) ? 0 : 1; }
///
/// Shape: `body` is called with a root context and returns a `task<T>`, or what converts to a `task<>`; the result is a `result<T>`.
/// Threads: any; it blocks the calling thread, so never call it from a coroutine.
template <std::invocable<context&> Body>
[[nodiscard]] auto sync_wait(Body&& body) {
  run_loop loop;
  root_context root(loop);
  auto running = detail::as_task(body(static_cast<context&>(root)));
  auto finish = [&loop]() noexcept { loop.finish(); };
  detail::outside_waiter outside(loop, finish);
  if (running.start(outside)) loop.run();
  while (loop.run_ready() > 0) {
  }
  return running.take();
}

/// Runs `body()` on a scheduler that another thread drives, and blocks this thread until it has completed: how a plain thread starts and stops
/// processes.
///
///     auto stopped = steward::sync_wait_on(loop, [&] { return web.stop(ctx); });
///
/// Shape: `body` returns a `task<T>`, or what converts to a `task<>`; the result is a `result<T>`.
/// Threads: any but those that drive `on`.
template <std::invocable Body>
[[nodiscard]] auto sync_wait_on(scheduler& on, Body&& body) {
  std::binary_semaphore ended(0);
  auto running = detail::as_task(body());
  auto release = [&ended]() noexcept { ended.release(); };
  detail::outside_waiter outside(on, release);
  if (running.start(outside)) ended.acquire();
  return running.take();
}

}  // namespace steward
