// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/scheduler.hpp"

#include <memory>

namespace steward::detail {

/// A call at a time, taken back by `drop`. It frees itself when it has run; one that is dropped and cannot be taken back any more does nothing else.
///
/// Threads: `drop` where the scheduler runs it.
template <class Owner>
class alarm final : public timer {
 public:
  using function = void (*)(Owner& whose);

  /// Calls `what(whose)` on the scheduler at that time.
  [[nodiscard]] static alarm* set(scheduler& on, instant at, function what, Owner& whose) {
    auto* const made = new alarm(on, what, whose);
    on.post_at(*made, at);
    return made;
  }

  /// Takes one back; nothing if it is empty.
  static void drop(alarm* given) noexcept {
    if (given == nullptr) return;
    given->whose_ = nullptr;
    if (given->on->cancel(*given)) delete given;
  }

 private:
  alarm(scheduler& on, function what, Owner& whose) noexcept : timer(&run, &on), what_(what), whose_(&whose) {}

  static void run(work& self) noexcept {
    const std::unique_ptr<alarm> me(static_cast<alarm*>(static_cast<waiter*>(&self)));
    if (me->whose_ != nullptr) me->what_(*me->whose_);
  }

  function what_;
  Owner* whose_;
};

}  // namespace steward::detail
