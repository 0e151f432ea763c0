// SPDX-License-Identifier: Apache-2.0
//
// A manager on a pool of threads, run after run, with plain threads that start, stop, read and edit at the same time.
#include "steward/asio/scheduler.hpp"
#include "steward/deadline_context.hpp"
#include "steward/detail/beside.hpp"
#include "steward/manager.hpp"
#include "steward/root_context.hpp"
#include "steward/sync_wait.hpp"
#include "support.hpp"

#include <boost/asio/thread_pool.hpp>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <random>
#include <thread>
#include <vector>

namespace steward::test {
namespace {

constexpr int keys = 8;
constexpr int actors = 4;

/// How a process behaves, in µs, as its row says it.
struct behaviour {
  int ready_after = 0;
  int winds_down_in = 0;
  int lives = 0;  // zero: as long as it is wanted
  bool fails = false;
};

behaviour random_behaviour(std::minstd_rand& random) {
  behaviour how;
  how.ready_after = pick(random, 3) * 50;
  how.winds_down_in = pick(random, 3) * 50;
  how.lives = pick(random, 3) == 0 ? 1 + pick(random, 2000) : 0;
  how.fails = pick(random, 6) == 0;
  return how;
}

class manager_stress {
 public:
  manager_stress() : leader_(seeds_.next()), kept_(rows_, factory(), options()) {
    for (int key = 0; key < keys; ++key) rows_.put(key, random_behaviour(leader_));
  }

  void run() {
    const auto end = std::chrono::steady_clock::now() + time_of_a_case();
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < actors; ++i)
        threads.emplace_back([this, random = seeds_.next()](const std::stop_token& over) mutable {
          while (!over.stop_requested()) act(random);
        });
      while (std::chrono::steady_clock::now() < end && !::testing::Test::HasFailure()) run_once();
    }
    std::cout << runs_ << " runs, " << began_ << " processes, " << acts_ << " calls, " << told_ << " events\n";
    EXPECT_EQ(began_, ended_);
  }

 private:
  using fleet = manager<int, behaviour>;

  fleet::factory factory() {
    return [this](const int& key, const behaviour& how) -> result<runnable> {
      return runnable([this, key, how](context& ctx, callback ready) -> task<> { return live(ctx, ready, key, how); });
    };
  }

  manager_options<int, behaviour> options() {
    manager_options<int, behaviour> how;
    how.interval = 5ms;
    how.initial_wait = 1ms;
    how.max_starting = 3;
    how.policy = [](const int& key, const behaviour&) {
      restart_policy policy;
      policy.when = key % 4 == 1 ? restart::on_failure : restart::always;
      policy.delays.initial = 100us;
      policy.delays.max = 1ms;
      return policy;
    };
    how.after = [](const int& key, const behaviour&) { return key == 3 ? std::vector<int>{2} : std::vector<int>{}; };
    how.on_event = [this](const manager_event<int>&) {
      EXPECT_FALSE(telling_.exchange(true)) << "two events at a time";
      ++told_;
      telling_ = false;
    };
    return how;
  }

  task<> live(context& ctx, callback ready, int key, behaviour how) {
    ++began_;
    EXPECT_EQ(++alive_.at(static_cast<std::size_t>(key)), 1) << "two processes of key " << key;  // M7
    auto outcome = co_await live_counted(ctx, ready, how);
    --alive_.at(static_cast<std::size_t>(key));
    ++ended_;
    co_return outcome;
  }

  // After so many µs; zero is never.
  static task<> lose(context& handed, int after) {
    if (after == 0) co_return {};
    (void)co_await handed.sleep_for(after * 1us);
    handed.stop(stop_reason::dependency_lost);
    co_return {};
  }

  static task<> live_counted(context& ctx, callback ready, behaviour how) {
    if (how.ready_after > 0) co_await or_return(co_await ctx.sleep_for(how.ready_after * 1us));
    if (how.fails) co_return error("broke");
    context handed(ctx);
    detail::beside losing(ctx.scheduler());
    losing.start(lose(handed, how.lives));
    auto outcome = co_await ready(handed);
    handed.stop();
    (void)co_await losing.join();
    if (how.winds_down_in > 0) (void)co_await ctx.sleep_for(how.winds_down_in * 1us);
    co_return outcome;
  }

  // One run of the manager, ended gracefully or by force.
  void run_once() {
    ++runs_;
    dog_.progress();
    context whole(root_);
    context use(root_);
    const bool forced = pick(leader_, 3) == 0;
    auto hold = [&use, forced](context& ctx) -> task<> {
      // One that is forced may have been stopped between the manager's look and this one.
      if (!forced) {
        EXPECT_FALSE(ctx.is_stopped()) << "called under a context that is stopped";
      }
      (void)co_await use.stopped();
      co_return {};
    };
    const auto lasts = std::chrono::milliseconds(pick(leader_, 20));
    std::jthread ending([&] {
      std::this_thread::sleep_for(lasts);
      if (forced) whole.stop(stop_reason::shutdown);
      use.stop();
    });
    const auto outcome = sync_wait_on(on_, [&] { return kept_.run(whole, hold); });
    if (!outcome) {
      EXPECT_TRUE(outcome.error().is_stop()) << outcome.error().to_string();
    }
    for (int key = 0; key < keys; ++key) EXPECT_EQ(alive_.at(static_cast<std::size_t>(key)), 0) << "key " << key << " outlives the manager";
  }

  void act(std::minstd_rand& random) {
    ++acts_;
    const int key = pick(random, keys);
    const int patience = pick(random, 4) * 100;
    switch (pick(random, 10)) {
      case 0:
      case 1:
        look_at(sync_wait_on(on_, [=, this] { return start(key, patience); }));
        break;
      case 2:
      case 3:
        (void)sync_wait_on(on_, [=, this] { return stop(key, patience); });
        break;
      case 4:
        rows_.put(key, random_behaviour(random), pick(random, 5) == 0 ? wanted::down : wanted::up);
        break;
      case 5:
        rows_.set_wanted(key, pick(random, 2) == 0 ? wanted::down : wanted::up);
        break;
      case 6:
        if (pick(random, 3) == 0) rows_.erase(key);
        break;
      case 7:
        kept_.reconcile_now();
        break;
      case 8:
        look_at(kept_.get(key));
        break;
      default:
        EXPECT_LE(kept_.snapshot().size(), static_cast<std::size_t>(keys));
        (void)kept_.status(key);
        (void)kept_.unreadable();
        break;
    }
  }

  static void look_at(const result<fleet::value_pointer>& found) {
    if (found) {
      EXPECT_NE(*found, nullptr);
      return;
    }
    EXPECT_FALSE(found.error().is(errc::exception)) << found.error().to_string();
  }

  task<fleet::value_pointer> start(int key, int patience) {
    deadline_context mine(root_, patience == 0 ? std::chrono::nanoseconds(1h) : patience * 1us);
    co_return co_await kept_.start(mine, key);
  }
  task<> stop(int key, int patience) {
    deadline_context mine(root_, patience == 0 ? std::chrono::nanoseconds(1h) : patience * 1us);
    co_return co_await kept_.stop(mine, key);
  }

  seeds seeds_;
  std::minstd_rand leader_;
  watchdog dog_;
  boost::asio::thread_pool pool_{4};
  asio_scheduler on_{pool_};
  root_context root_{on_};
  memory_table<int, behaviour> rows_;
  std::array<std::atomic<int>, keys> alive_{};
  std::atomic<std::uint64_t> began_{0};
  std::atomic<std::uint64_t> ended_{0};
  std::atomic<std::uint64_t> acts_{0};
  std::atomic<std::uint64_t> told_{0};
  std::atomic<bool> telling_{false};
  int runs_ = 0;
  fleet kept_;
};

TEST(Stress, M7_AManagerUnderStartsStopsEditsAndRunsOnManyThreads) { manager_stress().run(); }

}  // namespace
}  // namespace steward::test
