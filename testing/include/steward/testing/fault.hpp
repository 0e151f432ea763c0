// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong with a call.
#pragma once

#include "steward/context.hpp"
#include "steward/error.hpp"
#include "steward/task.hpp"
#include "steward/wait.hpp"

#include <chrono>
#include <optional>
#include <utility>

namespace steward::testing {

/// What goes wrong with one call: it takes time, it hangs until it is stopped, it fails, or first the one and then the other; or its answer takes
/// time, and says what was true when it was asked.
class fault {
 public:
  [[nodiscard]] static fault failing(error why) { return fault(std::move(why)); }
  [[nodiscard]] static fault slow(std::chrono::nanoseconds time) { return slow_and_failing(time, std::nullopt); }
  [[nodiscard]] static fault hanging() {
    fault what;
    what.hangs_ = true;
    return what;
  }
  [[nodiscard]] static fault slow_and_failing(std::chrono::nanoseconds time, std::optional<error> why) {
    fault what(std::move(why));
    what.time_ = time;
    return what;
  }
  [[nodiscard]] static fault late(std::chrono::nanoseconds time) {
    fault what = slow(time);
    what.is_late_ = true;
    return what;
  }

  /// Does what comes before the call, under its context.
  [[nodiscard]] task<> before(context& ctx) const { return is_late_ ? nothing() : happen(ctx); }

  /// Does what comes between the call and its answer.
  [[nodiscard]] task<> after(context& ctx) const { return is_late_ ? happen(ctx) : nothing(); }

 private:
  explicit fault(std::optional<error> why = std::nullopt) : why_(std::move(why)) {}

  static task<> nothing() { co_return {}; }
  [[nodiscard]] task<> happen(context& ctx) const {
    if (hangs_) {
      const error why = co_await ctx.stopped();
      co_return why;
    }
    if (time_ > std::chrono::nanoseconds::zero()) co_await or_return(co_await ctx.sleep_for(time_));
    if (why_) co_return *why_;
    co_return {};
  }

  std::optional<error> why_;
  std::chrono::nanoseconds time_{};
  bool hangs_ = false;
  bool is_late_ = false;
};

}  // namespace steward::testing
