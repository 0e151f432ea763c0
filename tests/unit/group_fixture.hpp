// SPDX-License-Identifier: Apache-2.0
//
// What the tests of `parallel` and `sequential` share.
#pragma once

#include "steward/runnable.hpp"
#include "virtual_test.hpp"

#include <functional>
#include <optional>
#include <string>

namespace steward::test {

/// Runs a runnable with a callback that can be looked at.
class group_test : public virtual_test {
 protected:
  void run(const runnable& what) {
    whole = what;
    running.emplace(time, whole.run(root, main));
    time.run_until_idle();
  }
  [[nodiscard]] std::string outcome() {
    EXPECT_TRUE(running->done());
    return running->done() ? text(running->outcome()) : "";
  }

  gate release;
  result<> of_callback;
  context* handed = nullptr;
  bool handed_stopped_at_call = false;
  std::function<task<>(context&)> main = [this](context& ctx) -> task<> {
    handed = &ctx;
    handed_stopped_at_call = ctx.is_stopped();
    log.add(ctx, "main");
    co_await release.passed();
    log.add(ctx, ctx.is_stopped() ? "main stopped" : "main returned");
    co_return of_callback;
  };
  runnable whole;
  std::optional<background<void>> running;
};

[[nodiscard]] inline scripted quick(const std::string& name, journal& log) { return scripted(name, log); }

}  // namespace steward::test
