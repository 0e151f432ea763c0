// SPDX-License-Identifier: Apache-2.0
//
// A manager under random schedules: starts, stops, reads, passes, edits and removals of rows, and processes that are slow, crash or fail to start, in
// virtual time.
#include "steward/detail/beside.hpp"
#include "steward/manager.hpp"
#include "steward/root_context.hpp"
#include "steward/testing/background.hpp"
#include "steward/testing/explore.hpp"
#include "steward/testing/gate.hpp"
#include "steward/testing/virtual_scheduler.hpp"
#include "steward/wait.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>

namespace steward::test {
namespace {

using namespace std::chrono_literals;
using testing::background;
using testing::virtual_scheduler;

constexpr int keys = 2;
constexpr int steps = 10;

/// How a process behaves, as a row says it.
struct behaviour {
  int ready_after = 0;    // ms
  int winds_down_in = 0;  // ms
  int lives = 0;          // ms until it ends by itself; zero: as long as it is wanted
  bool fails_to_start = false;
};

/// One run of a manager with everything that a schedule does to it.
class schedule {
 public:
  explicit schedule(std::uint64_t seed) : time_(seed), random_(seed), kept_(table_, make(), options()) {}

  void play() {
    auto hold = [this](context&) -> task<> {
      co_await released_.passed();
      co_return {};
    };
    background<void> running(time_, kept_.run(root_, hold));
    for (int i = 0; i < steps; ++i) step();
    settle();
    check_what_runs();
    const bool forced = pick(4) == 0;
    if (forced) root_.stop();
    released_.open();
    time_.advance(1min);
    EXPECT_TRUE(running.done()) << "the manager does not end";
    for (int key = 0; key < keys; ++key) EXPECT_EQ(alive_[key], 0) << "key " << key << " outlives the manager";
    callers_.clear();
  }

 private:
  using fleet = manager<int, behaviour>;

  [[nodiscard]] int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

  fleet::factory make() {
    return [this](const int& key, const behaviour& how) -> result<runnable> {
      return runnable([this, key, how](context& ctx, callback ready) -> task<> { return live(ctx, ready, key, how); });
    };
  }

  manager_options<int, behaviour> options() {
    manager_options<int, behaviour> how;
    how.interval = 1s;
    how.initial_wait = 2ms;
    how.spread = [] { return 0.0; };
    how.max_starting = 1;
    return how;
  }

  task<> live(context& ctx, callback ready, int key, behaviour how) {
    EXPECT_EQ(++alive_[key], 1) << "two processes of key " << key;  // M7
    auto outcome = co_await live_counted(ctx, ready, how);
    --alive_[key];
    co_return outcome;
  }

  static task<> live_counted(context& ctx, callback ready, behaviour how) {
    if (how.ready_after > 0) co_await or_return(co_await ctx.sleep_for(how.ready_after * 1ms));
    if (how.fails_to_start) co_return error("does not start");
    context handed(ctx);
    const auto limit = [&](context&) -> task<> {
      if (how.lives == 0) co_return {};
      (void)co_await handed.sleep_for(how.lives * 1ms);
      handed.stop();
      co_return {};
    };
    detail::beside living(ctx.scheduler());
    living.start(limit(ctx));
    auto outcome = co_await ready(handed);
    handed.stop();
    (void)co_await living.join();
    if (how.winds_down_in > 0) (void)co_await ctx.sleep_for(how.winds_down_in * 1ms);
    co_return outcome;
  }

  void step() {
    const int key = pick(keys);
    switch (pick(8)) {
      case 0:
      case 1:
        table_.put(key, {pick(3), pick(3), pick(3) == 0 ? 1 + pick(4) : 0, pick(6) == 0}, pick(5) == 0 ? wanted::down : wanted::up);
        break;
      case 2:
        table_.erase(key);
        break;
      case 3:
        table_.set_wanted(key, pick(2) == 0 ? wanted::down : wanted::up);
        break;
      case 4:
        callers_.emplace_back(time_, start(key));
        break;
      case 5:
        callers_.emplace_back(time_, stop(key));
        break;
      case 6:
        kept_.reconcile_now();
        break;
      default:
        time_.advance(pick(4) * 1ms);
        break;
    }
    if (pick(2) == 0) time_.run_one();
    const auto got = kept_.get(key);
    if (got) {
      EXPECT_TRUE(*got);
    }
  }

  task<> start(int key) {
    deadline_context patience(root_, 5ms);
    const auto started = co_await kept_.start(patience, key);
    if (started) {
      EXPECT_TRUE(*started);
    }
    co_return {};
  }

  task<> stop(int key) {
    deadline_context patience(root_, 3ms);
    (void)co_await kept_.stop(patience, key);
    co_return {};
  }

  // Behaviours that end would go on for ever: their rows are replaced by ones that stay.
  void settle() {
    for (int key = 0; key < keys; ++key)
      if (pick(2) == 0) table_.put(key, {pick(3), pick(3), 0, false});
    time_.advance(10s);
    for (auto& each : callers_) EXPECT_TRUE(each.done()) << "a caller waits for ever";
  }

  // At quiescence what runs equals the rows that want to run, each at its row's generation (D9).
  void check_what_runs() {
    for (int key = 0; key < keys; ++key) {
      background<row<behaviour>> read(time_, table_.get(root_, key));
      time_.run_until_idle();
      const auto known = kept_.status(key);
      if (!read.outcome()) {
        EXPECT_FALSE(known) << "key " << key << " has no row and is not forgotten";
        EXPECT_EQ(alive_[key], 0);
        continue;
      }
      const auto& wish = *read.outcome();
      ASSERT_TRUE(known) << "key " << key;
      if (wish.wanted == wanted::down) {
        EXPECT_EQ(alive_[key], 0) << "key " << key << " is not wanted, and is " << to_string(known->state);
      } else if (wish.value->lives == 0 && !wish.value->fails_to_start) {
        EXPECT_EQ(known->state, row_state::running) << "key " << key;
        EXPECT_EQ(known->generation, wish.generation) << "key " << key;
        EXPECT_EQ(alive_[key], 1);
      }
    }
  }

  virtual_scheduler time_;
  root_context root_{time_};
  std::minstd_rand random_;
  memory_table<int, behaviour> table_;
  std::map<int, int> alive_;
  testing::gate released_;
  std::list<background<void>> callers_;
  fleet kept_;
};

TEST(ManagerSchedules, D9_RandomEditsStartsStopsAndPassesEndWithWhatTheRowsWant) {
  testing::for_each_seed(testing::affordable(100'000), [](std::uint64_t seed) { schedule(seed).play(); });
}

}  // namespace
}  // namespace steward::test
