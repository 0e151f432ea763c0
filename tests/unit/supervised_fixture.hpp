// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/stop_callback.hpp"
#include "steward/supervised.hpp"
#include "virtual_test.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace steward::test {

/// Runs something with a callback that is in use until it is told otherwise, or its context stops.
class supervised_test : public virtual_test {
 protected:
  /// Restarts at once, then after 200 ms, 400 ms and so on; gives up as told.
  static supervised_options exactly(std::optional<restart_budget> budget = {}, restart when = restart::always) {
    restart_policy policy;
    policy.when = when;
    policy.delays.jitter = 0;
    policy.budget = budget;
    return {policy};
  }

  static restart_budget at_most(std::uint32_t restarts) { return {.restarts = restarts, .window = 1min, .then = exhausted::give_up}; }

  void run(runnable what) {
    what_ = std::move(what);
    job_.emplace(time, what_.run(top, use_));
    time.run_until_idle();
  }

  void end_callback() {
    told.open();
    time.run_until_idle();
  }

  /// The callback: notes its context's stop, and holds on until it is told to return.
  task<> in_use(context& ctx) {
    ++callbacks;
    log.add(ctx, "in use");
    const auto note = [&] { log.add(ctx, "lost"); };
    {
      const stop_callback stopped(ctx, note);
      co_await told.passed();
    }
    stopped_with = ctx.stop_error();
    co_return returns;
  }

  [[nodiscard]] bool ended() const { return job_->done(); }
  [[nodiscard]] std::string outcome() const { return job_->text(); }
  [[nodiscard]] const error& failure() const { return job_->outcome().error(); }

  context top{root};
  gate told;
  result<> returns;
  int callbacks = 0;
  std::optional<error> stopped_with;  // the callback's context, by the time that the callback returned

 private:
  struct calls {
    supervised_test* of;
    task<> operator()(context& ctx) const { return of->in_use(ctx); }
  };

  const calls use_{this};
  runnable what_;
  std::optional<background<void>> job_;
};

}  // namespace steward::test
