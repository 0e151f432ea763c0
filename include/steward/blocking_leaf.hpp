// SPDX-License-Identifier: Apache-2.0
//
// `leaf` for code that blocks.
#pragma once

#include "steward/leaf.hpp"

#include <concepts>
#include <functional>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace steward {

namespace detail {

/// A blocking function of the user's. One that returns nothing always succeeds.
class blocking_step {
 public:
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, blocking_step> && std::is_invocable_r_v<result<>, std::decay_t<F>&, std::stop_token>)
  blocking_step(F&& call)  // NOLINT(google-explicit-constructor): a function is a step
      : call_(std::forward<F>(call)) {}

  template <class F>
    requires(std::is_void_v<std::invoke_result_t<std::decay_t<F>&, std::stop_token>>)
  blocking_step(F&& call)  // NOLINT(google-explicit-constructor)
      : call_([call = std::forward<F>(call)](std::stop_token token) mutable -> result<> {
          call(std::move(token));
          return {};
        }) {}

  /// What it returns, or what it throws.
  [[nodiscard]] result<> operator()(std::stop_token token) noexcept;

 private:
  std::move_only_function<result<>(std::stop_token)> call_;
};

}  // namespace detail

/// A `leaf` whose foreground blocks: it runs on a thread of its own, and learns from a `std::stop_token` that it is to end (L6).
///
///     auto worker = blocking_leaf([&](std::stop_token stop) { while (!stop.stop_requested()) queue.take_one(100ms); });
///
/// Shape: `foreground` has the signature `result<>(std::stop_token)` or `void(std::stop_token)`; `graceful_stop` is a coroutine function, as for
/// `leaf`.
/// Stop: the token is stopped when the foreground's context is, on the thread that stops it: so are the `std::stop_callback`s of the foreground.
/// They may neither block nor throw.
/// Errors: as `leaf`; also the system's, if no thread can be started.
/// Threads: one more for each run, joined before the run ends: what its `thread_local` destructors do, the scheduler waits for.
/// Cost: starting a thread, 9 to 56 us, and its stack.
/// Source: laws L1 to L6.
[[nodiscard]] runnable blocking_leaf(detail::blocking_step foreground, detail::step graceful_stop = {});

}  // namespace steward
