// SPDX-License-Identifier: Apache-2.0
//
// How one coroutine of the daemon tells another that there is something to do.
#pragma once

#include "steward/task.hpp"
#include "steward/wait.hpp"

#include <utility>

namespace steward {

/// Rung by those who have left something to do, waited for by the one who does it. A ring while nobody waits is not lost; several are one.
///
/// Threads: all on one, as everything in the daemon.
class doorbell {
 public:
  void ring() noexcept {
    rung_ = true;
    if (waiting_ != nullptr) waiting_->stop();
  }

  /// Waits for a ring.  Errors: the stop's.
  [[nodiscard]] task<> wait(context& ctx) {
    if (!rung_) {
      context nap(ctx);
      waiting_ = &nap;
      co_await nap.stopped();
      waiting_ = nullptr;
    }
    rung_ = false;
    if (auto why = ctx.stop_error()) co_return std::move(*why);
    co_return {};
  }

 private:
  context* waiting_ = nullptr;
  bool rung_ = false;
};

}  // namespace steward
