// SPDX-License-Identifier: Apache-2.0
#include "manager_fixture.hpp"

namespace steward::test {

std::string text(const result<std::shared_ptr<const runnable>>& outcome) { return outcome ? "success" : outcome.error().to_string(); }

manager_test::manager_test() {
  how.interval = 60s;
  how.watch = false;  // most tests say when to look
  how.spread = [] { return 0.0; };
  how.on_event = [this](const manager_event<std::string>& what) {
    if (what.problem != nullptr) problems.push_back((what.key != nullptr ? *what.key + ": " : "") + what.problem->to_string());
  };
}

manager_test::~manager_test() = default;

void manager_test::run(table<std::string, runnable>& of) {
  kept = std::make_unique<fleet>(of, make, how);
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

void manager_test::release() {
  released.open();
  time.run_until_idle();
}

void manager_test::finish() {
  release();
  time.advance(1h);
  ASSERT_TRUE(running->done());
}

row_state manager_test::state(const std::string& key) const { return kept->status(key)->state; }

}  // namespace steward::test
