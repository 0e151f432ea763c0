// SPDX-License-Identifier: Apache-2.0
//
// The top of a tree of contexts.
#pragma once

#include "steward/context.hpp"

namespace steward {

/// A context without a parent: everything that a program runs stands under one. `run_until_signal` and `sync_wait` bring their own.
/// A `request_stop` from below stops it, with reason `requested`, and is kept as its `cause`.
class root_context final : private detail::domain, public context {
 public:
  explicit root_context(steward::scheduler& on) noexcept;
  ~root_context();

  /// The first error given to `request_stop`; empty if there was none.
  [[nodiscard]] std::optional<error> cause() const noexcept;

 private:
  void ended_from_inside(error cause) noexcept override;
  void context_stopped() noexcept override {}

  mutable detail::spin_lock cause_lock_;
  std::optional<error> cause_;
};

}  // namespace steward
