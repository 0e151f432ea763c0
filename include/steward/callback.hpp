// SPDX-License-Identifier: Apache-2.0
//
// What a runnable calls when it is ready.
#pragma once

#include "steward/context.hpp"
#include "steward/task.hpp"

#include <concepts>
#include <type_traits>

namespace steward {

namespace detail {
/// A task that does nothing but fail.
[[nodiscard]] task<> failing(error why);
}  // namespace detail

/// A reference to what a runnable calls when it is ready for use; its return asks the runnable to wind down gracefully.
///
/// Two words, copied freely. It does not own what it calls, and binds named objects only: a lambda written in place would be gone, or on g++ 12
/// destroyed twice, before it is called, so it does not compile (decision 0005).
///
/// Shape: `auto outcome = co_await ready(ctx);`, where `ctx` is what the called may use as long as it is not stopped.
/// Errors: the called one's own; an exception from it, as an error (R7).
/// Lifetime: what it refers to outlives the run that it is given to. It is not kept beyond the run (R1).
class callback {
 public:
  using function = task<> (*)(void* target, context& ctx);

  /// Refers to `called`, with the signature `task<>(context&)`.
  template <class F>
    requires(std::is_object_v<F> && !std::same_as<std::remove_const_t<F>, callback> && std::is_invocable_r_v<task<>, F&, context&>)
  callback(F& called) noexcept  // NOLINT(google-explicit-constructor): passing a lambda as a callback is the point
      : target_(const_cast<std::remove_const_t<F>*>(&called)),
        call_([](void* target, context& ctx) -> task<> { return (*static_cast<F*>(target))(ctx); }) {}

  /// Refers to a plain function.
  callback(task<> (&called)(context&)) noexcept  // NOLINT(google-explicit-constructor)
      : target_(reinterpret_cast<void*>(&called)),
        call_([](void* target, context& ctx) -> task<> { return reinterpret_cast<task<> (*)(context&)>(target)(ctx); }) {}

  /// Calls `call(target, ctx)`.
  callback(void* target, function call) noexcept : target_(target), call_(call) {}

  /// Runs on the scheduler of `ctx` (R6).
  [[nodiscard]] task<> operator()(context& ctx) const noexcept {
    try {
      return call_(target_, ctx).on(ctx.scheduler());
    } catch (...) {
      return detail::failing(current_exception_error());
    }
  }

 private:
  void* target_;
  function call_;
};

}  // namespace steward
