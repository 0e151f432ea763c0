// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/callback.hpp"

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

namespace steward::detail {

/// A function of the user's with the signature `task<>(context&)`, or whose result converts to one, that a combinator keeps and calls. An exception
/// from the call is the task's error (R7); calling an empty one fails.
class step {
 public:
  step() noexcept = default;

  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, step> && std::is_invocable_r_v<task<>, std::decay_t<F>&, context&>)
  step(F&& call)  // NOLINT(google-explicit-constructor): a function is a step
      : call_(std::forward<F>(call)) {}

  [[nodiscard]] task<> operator()(context& ctx) noexcept {
    if (!call_) return failing(errc::empty_runnable);
    try {
      return call_(ctx).on(ctx.scheduler());
    } catch (...) {
      return failing(current_exception_error());
    }
  }

  explicit operator bool() const noexcept { return static_cast<bool>(call_); }

 private:
  std::move_only_function<task<>(context&)> call_;
};

}  // namespace steward::detail
