// SPDX-License-Identifier: Apache-2.0
//
// Calling a plain function when a context stops.
#pragma once

#include "steward/context.hpp"

#include <concepts>
#include <stop_token>
#include <utility>

namespace steward {

/// What `stop_callback` has for every `F`.
class stop_callback_base : protected detail::hook {
 protected:
  stop_callback_base(context& on, function call) noexcept : hook(call), context_(&on) {}
  ~stop_callback_base() = default;

  [[nodiscard]] bool add() noexcept { return context_->add(*this); }
  void withdraw() noexcept { context_->withdraw(*this); }

 private:
  context* context_;
};

/// Calls `f()` once when `ctx` stops: on the thread that stops it, inside its call of `stop`, or at once if it is stopped already. Never after the
/// destructor has returned, which waits for a call on another thread, and may be called from inside `f` itself.
///
/// Shape: `f` may neither wait nor throw, nor take a lock that is held around a `stop`.  Source: C4.
template <std::invocable F>
class stop_callback final : private stop_callback_base {
 public:
  stop_callback(context& ctx, F f) noexcept(std::is_nothrow_move_constructible_v<F>) : stop_callback_base(ctx, &called), f_(std::move(f)) {
    if (!add()) f_();
  }
  ~stop_callback() { withdraw(); }

 private:
  static void called(detail::hook& self) noexcept { static_cast<stop_callback&>(self).f_(); }

  F f_;
};

/// A `std::stop_token` that is stopped with a context, for blocking code.  Cost: one allocation.
class stop_token_bridge {
 public:
  explicit stop_token_bridge(context& ctx) : callback_(ctx, stopper(source_)) {}

  [[nodiscard]] std::stop_token token() const noexcept { return source_.get_token(); }

 private:
  class stopper {
   public:
    explicit stopper(std::stop_source& source) noexcept : source_(&source) {}
    void operator()() const noexcept { source_->request_stop(); }

   private:
    std::stop_source* source_;
  };

  std::stop_source source_;
  stop_callback<stopper> callback_;
};

}  // namespace steward
