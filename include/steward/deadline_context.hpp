// SPDX-License-Identifier: Apache-2.0
//
// A context that stops by itself at a time.
#pragma once

#include "steward/context.hpp"

#include <chrono>

namespace steward {

/// A child context that stops with reason `deadline` when its time has come, unless its parent stops or has an earlier deadline (C2).
///
/// Lifetime: as any context; destroying it takes the deadline back.
/// Cost: one allocation, and a timer of the scheduler. Where there is no memory for it the context is born stopped.
class deadline_context : public context {
 public:
  deadline_context(context& parent, instant at) noexcept;
  deadline_context(context& parent, std::chrono::nanoseconds after) noexcept : deadline_context(parent, later(parent.now(), after)) {}
  ~deadline_context();

 private:
  class alarm;

  alarm* alarm_ = nullptr;
};

}  // namespace steward
