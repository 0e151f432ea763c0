// SPDX-License-Identifier: Apache-2.0
//
// What the tests of `manager` share.
#pragma once

#include "fleet.hpp"
#include "steward/testing/faulty_table.hpp"
#include "virtual_test.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace steward::test {

using rows = memory_table<std::string, runnable>;
using options = manager_options<std::string, runnable>;
using testing::fault;
using testing::faulty_table;

[[nodiscard]] inline std::string text(const result<std::shared_ptr<const runnable>>& outcome) {
  return outcome ? "success" : outcome.error().to_string();
}

/// A manager over a table of runnables, with what it told.
class manager_test : public virtual_test {
 protected:
  manager_test() {
    how.interval = 60s;
    how.watch = false;  // most tests say when to look
    how.spread = [] { return 0.0; };
    how.on_event = [this](const manager_event<std::string>& what) {
      if (what.problem != nullptr) problems.push_back((what.key != nullptr ? *what.key + ": " : "") + what.problem->to_string());
    };
  }

  /// Runs the manager until `release` is called; `is_ready` tells whether its callback was called.
  void run(table<std::string, runnable>& of) {
    kept = std::make_unique<fleet>(of, how);
    hold = [this](context& ctx) -> task<> {
      is_ready = true;
      ready_at = time.elapsed();
      main_context = &ctx;
      co_await released.passed();
      co_return callback_result;
    };
    running = std::make_unique<background<void>>(time, kept->run(root, hold));
    time.run_until_idle();
  }

  void release() {
    released.open();
    time.run_until_idle();
  }

  void finish() {
    release();
    time.advance(1h);
    ASSERT_TRUE(running->done());
  }

  [[nodiscard]] row_state state(const std::string& key) const { return kept->status(key)->state; }

  rows table_;
  options how;
  std::vector<std::string> problems;
  gate released;
  std::function<task<>(context&)> hold;
  result<> callback_result;
  bool is_ready = false;
  std::chrono::nanoseconds ready_at{};
  context* main_context = nullptr;
  std::unique_ptr<fleet> kept;
  std::unique_ptr<background<void>> running;
};

}  // namespace steward::test
