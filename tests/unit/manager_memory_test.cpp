// SPDX-License-Identifier: Apache-2.0
//
// What a manager hands to its store, and how the next one goes on from it.
#include "manager_fixture.hpp"
#include "steward/state_store.hpp"

#include <random>

namespace steward::test {
namespace {

class ManagerMemory : public manager_test {
 protected:
  ManagerMemory() {
    how.store = &store;
    how.policy = [this](const std::string&, const runnable&) { return policy; };
    policy.delays.jitter = 0;
  }

  void put(const std::string& key, const scripted& what) { table_.put(key, runnable(what)); }
  [[nodiscard]] scripted part(const std::string& name) { return scripted(name, log); }
  [[nodiscard]] scripted crashing() { return part("web").lose_after(1s).fail_with(error("no")); }

  // One manager ends, and another begins.
  void run_again() {
    finish();
    released.close();
    is_ready = false;
    run(table_);
  }

  memory_state_store<std::string> store;
  restart_policy policy;
};

TEST_F(ManagerMemory, ABackoffGoesOnWhereItWas) {
  policy.delays.initial = 10min;
  policy.delays.max = 10min;
  put("web", crashing());
  run(table_);
  time.advance(2s);
  EXPECT_EQ(state("web"), row_state::backoff);
  const auto until = kept->status("web")->until;
  released.open();
  time.advance(1min);
  ASSERT_TRUE(running->done());
  released.close();
  run(table_);
  EXPECT_EQ(state("web"), row_state::backoff);
  EXPECT_EQ(kept->status("web")->until, until);
  EXPECT_EQ(kept->status("web")->last->reason, exit_reason::failed);
  time.advance(9min + 2s);
  EXPECT_EQ(kept->status("web")->incarnation, 3U);
  finish();
}

TEST_F(ManagerMemory, WhatGaveUpStaysDownUntilItsRowIsEdited) {
  policy.budget = restart_budget{.restarts = 1, .window = 1h, .then = exhausted::give_up};
  put("web", crashing());
  run(table_);
  time.advance(1min);
  EXPECT_EQ(state("web"), row_state::gave_up);
  run_again();
  EXPECT_EQ(state("web"), row_state::gave_up);
  put("web", part("web"));
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_EQ(state("web"), row_state::running);
  finish();
}

TEST_F(ManagerMemory, ADeletedRowIsForgotten) {
  put("web", part("web"));
  run(table_);
  EXPECT_EQ(store.recall("web").incarnation, 1U);
  table_.erase("web");
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_EQ(store.recall("web").incarnation, 0U);
  finish();
}

// Killed at random moments, with no more left than what was made sure of, a crash loop stays within its budget.
TEST_F(ManagerMemory, ARestartThatABudgetCountsIsMadeSureOfBeforeItIsDone) {
  std::minstd_rand random(3);
  policy.budget = restart_budget{.restarts = 5, .window = 1h, .then = exhausted::slow_retry};
  policy.delays.initial = 100ms;
  policy.delays.max = 20min;
  for (int round = 0; round < 50; ++round) {
    table_.erase("web");
    put("web", crashing());
    auto survived = std::make_unique<memory_state_store<std::string>>();
    std::uint64_t starts_of_managers = 0;
    scripted web = crashing();
    put("web", web);
    const auto begin = time.now();
    while (time.now() < begin + 1h) {
      how.store = survived.get();
      released.close();
      run(table_);
      ++starts_of_managers;
      time.advance(1ms * (1 + random() % 600'000));
      // Whatever it does from here on, a crash now would leave this.
      auto next = std::make_unique<memory_state_store<std::string>>(survived->survivors());
      finish();
      kept.reset();
      survived = std::move(next);
    }
    const auto most = policy.budget->restarts + static_cast<std::uint64_t>(1h / policy.delays.max) + 1;
    ASSERT_LE(web.runs(), starts_of_managers + most) << "round " << round;
  }
}

}  // namespace
}  // namespace steward::test
