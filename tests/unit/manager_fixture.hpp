// SPDX-License-Identifier: Apache-2.0
//
// What the tests of `manager` share.
#pragma once

#include "fleet.hpp"
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

/// `success`, or the error on one line.
[[nodiscard]] std::string text(const result<std::shared_ptr<const runnable>>& outcome);

/// A manager over a table of runnables, with what it told.
class manager_test : public virtual_test {
 protected:
  manager_test();
  ~manager_test() override;

  /// Runs the manager until `release` is called; `is_ready` tells whether its callback was called.
  void run(table<std::string, runnable>& of);

  /// Lets the callback return.
  void release();

  /// The same, until the manager has ended.
  void finish();

  [[nodiscard]] row_state state(const std::string& key) const;

  rows table_;
  options how;
  fleet::factory make = [](const std::string&, const runnable& what) { return result<runnable>(what); };
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
