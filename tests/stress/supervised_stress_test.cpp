// SPDX-License-Identifier: Apache-2.0
//
// One supervised component after the other, on a pool of threads: incarnations end while the callback returns and a plain thread stops the context.
#include "steward/asio/scheduler.hpp"
#include "steward/detail/beside.hpp"
#include "steward/root_context.hpp"
#include "steward/supervised.hpp"
#include "steward/sync_wait.hpp"
#include "steward/wait.hpp"
#include "support.hpp"

#include <boost/asio/thread_pool.hpp>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <random>
#include <thread>

namespace steward::test {
namespace {

/// What one run does, in µs, and what was seen of it.
struct supervised_round {
  explicit supervised_round(std::minstd_rand& random) {
    for (int& each : lost_after) each = pick(random, 40);
    how.policy.delays.initial = pick(random, 3) * 10us;
    how.policy.delays.max = 20us;
    if (pick(random, 2) == 0) how.policy.budget = restart_budget{.restarts = 4, .window = 1min, .then = exhausted::give_up};
    if (pick(random, 3) == 0) how.on_loss = when_lost::lose;
  }

  task<> lose(context& handed, int after) {
    (void)co_await handed.sleep_for(after * 1us);
    handed.stop(stop_reason::dependency_lost);
    co_return {};
  }

  task<> live(context& ctx, callback ready) {
    EXPECT_EQ(++alive, 1);
    const int after = lost_after.at(static_cast<std::size_t>(number++) % lost_after.size());
    result<> outcome = co_await ctx.sleep_for(after / 4 * 1us);
    if (outcome && after % 5 != 0) {
      context handed(ctx);
      detail::beside losing(ctx.scheduler());
      losing.start(lose(handed, after));
      outcome = co_await ready(handed);
      handed.stop();
      (void)co_await losing.join();
    }
    EXPECT_EQ(--alive, 0);
    co_return outcome;
  }

  supervised_options how;
  std::array<int, 7> lost_after{};
  int number = 0;
  std::atomic<int> alive{0};
  std::atomic<int> callbacks{0};
};

TEST(Stress, R6_ASupervisedComponentThatEndsWhileItsCallbackReturnsAndItsContextStops) {
  seeds all_seeds;
  watchdog dog;
  boost::asio::thread_pool pool(4);
  asio_scheduler on(pool);
  root_context root(on);
  const auto end = std::chrono::steady_clock::now() + time_of_a_case();
  auto leader = all_seeds.next();
  int rounds = 0;
  for (; std::chrono::steady_clock::now() < end && !::testing::Test::HasFailure(); ++rounds) {
    dog.progress();
    supervised_round round(leader);
    const int used_for = pick(leader, 120);
    const int stopped_after = pick(leader, 200);
    const auto incarnation = [&round](context& ctx, callback ready) { return round.live(ctx, ready); };
    const runnable what = supervised(incarnation, round.how);
    const auto use = [&](context& ctx) -> task<> {
      ++round.callbacks;
      (void)co_await ctx.sleep_for(used_for * 1us);
      co_return {};
    };
    context above(root);
    {
      const std::jthread stopper([&above, stopped_after] {
        for (int i = 0; i < stopped_after; ++i) std::this_thread::yield();
        above.stop(stop_reason::shutdown);
      });
      (void)sync_wait_on(on, [&] { return what.run(above, use); });
    }
    EXPECT_EQ(round.alive, 0);
    EXPECT_LE(round.callbacks, 1);
  }
  std::cout << rounds << " runs\n";
}

}  // namespace
}  // namespace steward::test
