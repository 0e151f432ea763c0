// SPDX-License-Identifier: Apache-2.0
#include "steward/asio/scheduler.hpp"

#include "steward/process.hpp"
#include "steward/wait.hpp"
#include "support.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <latch>

namespace {

using namespace std::chrono_literals;
using asio_test::alarm;
using asio_test::item;
using asio_test::running_io;
using steward::asio_scheduler;
using steward::context;
using steward::result;
using steward::task;

TEST(AsioScheduler, RunsItemsInTheOrderOfPosting) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  std::vector<int> seen;
  std::deque<item> items;
  for (int i = 0; i < 1000; ++i) items.emplace_back([&seen, i] { seen.push_back(i); });
  for (item& each : items) on.post(each);
  EXPECT_TRUE(seen.empty());
  io.run();
  ASSERT_EQ(seen.size(), 1000U);
  EXPECT_TRUE(std::ranges::is_sorted(seen));
}

TEST(AsioScheduler, ItemsThatAnItemPostsRunAfterItInOrder) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  std::vector<int> seen;
  item second([&] { seen.push_back(2); });
  item third([&] { seen.push_back(3); });
  item first([&] {
    on.post(second);
    on.post(third);
    seen.push_back(1);
  });
  on.post(first);
  io.run();
  EXPECT_EQ(seen, (std::vector{1, 2, 3}));
}

TEST(AsioScheduler, HandlersOfAsioGetTheirTurnBesideAnItemThatPostsItselfForEver) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  bool handler_ran = false;
  int rounds = 0;
  item* self = nullptr;
  item forever([&] {
    ++rounds;
    if (!handler_ran && rounds < 1'000'000) on.post(*self);
  });
  self = &forever;
  on.post(forever);
  boost::asio::post(io, [&] { handler_ran = true; });
  io.run();
  EXPECT_TRUE(handler_ran);
  EXPECT_LT(rounds, 1000);
}

TEST(AsioScheduler, RunReturnsWhenNothingIsQueued) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  int runs = 0;
  item once([&] { ++runs; });
  EXPECT_EQ(io.run(), 0U);
  io.restart();
  on.post(once);
  io.run();
  EXPECT_EQ(runs, 1);
}

TEST(AsioScheduler, OneLaneIsAStrandWhateverTheNumberOfThreads) {
  asio_scheduler* on = nullptr;
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  int unguarded = 0;
  std::deque<item> items;
  for (int i = 0; i < 20'000; ++i)
    items.emplace_back([&] {
      most = std::max(most.load(), ++inside);
      ++unguarded;
      --inside;
    });
  {
    running_io running(4);
    asio_scheduler strand(running.io);
    on = &strand;
    {
      std::jthread other([&] {
        for (std::size_t i = 0; i < items.size(); i += 2) on->post(items[i]);
      });
      for (std::size_t i = 1; i < items.size(); i += 2) on->post(items[i]);
    }
    running.join();
  }
  EXPECT_EQ(most, 1);
  EXPECT_EQ(unguarded, 20'000);
}

TEST(AsioScheduler, ItemsOfAPoolRunAtTheSameTime) {
  boost::asio::thread_pool pool(2);
  asio_scheduler on(pool);
  std::latch both(2);
  item left([&] { both.arrive_and_wait(); });
  item right([&] { both.arrive_and_wait(); });
  on.post(left);
  on.post(right);
  both.wait();
  pool.join();
}

TEST(AsioScheduler, ItemsThatOneItemOfAPoolPostedRunAtTheSameTime) {
  boost::asio::thread_pool pool(2);
  asio_scheduler on(pool);
  std::latch both(2);
  item left([&] { both.arrive_and_wait(); });
  item right([&] { both.arrive_and_wait(); });
  item parent([&] {
    on.post(left);
    on.post(right);
  });
  on.post(parent);
  both.wait();
  pool.join();
}

TEST(AsioScheduler, LanesOfAnIoContextRunAtTheSameTime) {
  running_io running(3);
  asio_scheduler on(running.io, 3);
  std::latch all(3);
  std::deque<item> items;
  for (int i = 0; i < 3; ++i) items.emplace_back([&] { all.arrive_and_wait(); });
  for (item& each : items) on.post(each);
  all.wait();
  running.join();
}

TEST(AsioScheduler, APoolRunsEverythingThatIsPostedFromEverywhere) {
  boost::asio::thread_pool pool(3);
  asio_scheduler on(pool);
  constexpr int chains = 50;
  constexpr int length = 2000;
  std::atomic<int> runs{0};
  std::deque<int> left(chains, length);
  std::deque<item> items;
  for (int i = 0; i < chains; ++i)
    items.emplace_back([&, i] {
      ++runs;
      if (--left[static_cast<std::size_t>(i)] > 0) on.post(items[static_cast<std::size_t>(i)]);
    });
  {
    std::jthread other([&] {
      for (std::size_t i = 0; i < items.size(); i += 2) on.post(items[i]);
    });
    for (std::size_t i = 1; i < items.size(); i += 2) on.post(items[i]);
  }
  pool.join();
  EXPECT_EQ(runs, chains * length);
}

TEST(AsioScheduler, TimersRunInTheOrderOfTheirTimes) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  std::vector<int> seen;
  const auto start = on.now();
  alarm late([&] { seen.push_back(3); });
  alarm middle([&] { seen.push_back(2); });
  alarm early([&] { seen.push_back(1); });
  alarm past([&] { seen.push_back(0); });
  on.post_at(late, start + 6ms);
  on.post_at(middle, start + 4ms);
  on.post_at(early, start + 2ms);
  on.post_at(past, start - 1h);
  io.run();
  EXPECT_EQ(seen, (std::vector{0, 1, 2, 3}));
  EXPECT_GE(on.now(), start + 6ms);
}

TEST(AsioScheduler, ACancelledTimerDoesNotRunAndDoesNotKeepTheContextRunning) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  bool rang = false;
  alarm hour([&] { rang = true; });
  on.post_at(hour, on.now() + 1h);
  EXPECT_TRUE(on.cancel(hour));
  EXPECT_FALSE(on.cancel(hour));
  io.run();
  EXPECT_FALSE(rang);
}

TEST(AsioScheduler, ATimerCancelledByAnItemDoesNotKeepTheContextRunning) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  alarm hour([] {});
  item sets_and_cancels([&] {
    for (int i = 0; i < 10; ++i) {
      on.post_at(hour, on.now() + 1h);
      EXPECT_TRUE(on.cancel(hour));
    }
  });
  on.post(sets_and_cancels);
  io.run();
  SUCCEED();
}

TEST(AsioScheduler, AnEarlierTimerIsNotHeldUpByALaterOne) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  std::vector<int> seen;
  alarm hour([&] { seen.push_back(2); });
  alarm soon([&] {
    seen.push_back(1);
    EXPECT_TRUE(on.cancel(hour));
  });
  on.post_at(hour, on.now() + 1h);
  on.post_at(soon, on.now() + 1ms);
  io.run();
  EXPECT_EQ(seen, (std::vector{1}));
}

TEST(AsioScheduler, ATimerThatHasRunCannotBeCancelled) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  alarm now([] {});
  on.post_at(now, on.now());
  io.run();
  EXPECT_FALSE(on.cancel(now));
}

TEST(AsioScheduler, TimersAndCancelsFromManyThreads) {
  boost::asio::thread_pool pool(2);
  asio_scheduler on(pool);
  std::atomic<int> rang{0};
  std::atomic<int> taken_back{0};
  std::deque<alarm> alarms;
  for (int i = 0; i < 4000; ++i) alarms.emplace_back([&] { ++rang; });
  const auto half = [&](std::size_t first) {
    const auto now = on.now();
    for (std::size_t i = first; i < alarms.size(); i += 2) on.post_at(alarms[i], now + std::chrono::microseconds(i * 7919 % 4000));
    for (std::size_t i = first; i < alarms.size(); i += 6)
      if (on.cancel(alarms[i])) ++taken_back;
  };
  {
    std::jthread other(half, 0);
    half(1);
  }
  pool.join();
  EXPECT_EQ(rang + taken_back, 4000);
}

TEST(AsioScheduler, ASleepEndsInTime) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  const auto before = on.now();
  const auto slept = asio_test::run_on(io, on, [](context& ctx) -> task<> { co_return co_await ctx.sleep_for(3ms); });
  EXPECT_TRUE(slept);
  EXPECT_GE(on.now(), before + 3ms);
}

TEST(AsioScheduler, AStopOnAnotherThreadEndsASleepOfAnHour) {
  running_io running(2);
  asio_scheduler on(running.io);
  steward::root_context root(on);
  std::atomic<bool> asleep{false};
  std::jthread stopper([&] {
    asleep.wait(false);
    root.stop(steward::stop_reason::superseded);
  });
  const auto slept = steward::sync_wait_on(on, [&]() -> task<> {
    return [](context& ctx, std::atomic<bool>& flag) -> task<> {
      flag = true;
      flag.notify_one();
      co_return co_await ctx.sleep_for(1h);
    }(root, asleep);
  });
  ASSERT_FALSE(slept);
  EXPECT_EQ(slept.error().reason(), steward::stop_reason::superseded);
  running.join();
}

task<> round_trips(context& ctx, int count) {
  for (int i = 0; i < count; ++i) {
    steward::process one(ctx, steward::nop(), "one");
    auto started = co_await one.start(ctx);
    if (!started) co_return started;
    auto stopped = co_await one.stop(ctx);
    if (!stopped) co_return stopped;
  }
  co_return {};
}

TEST(AsioScheduler, ProcessesStartAndStopOnAPoolFromManyPlainThreads) {
  boost::asio::thread_pool pool(2);
  asio_scheduler on(pool);
  {
    steward::root_context root(on);
    std::vector<std::jthread> threads;
    std::atomic<int> good{0};
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        if (steward::sync_wait_on(on, [&] { return round_trips(root, 500); })) ++good;
      });
    threads.clear();
    EXPECT_EQ(good, 4);
  }
  pool.join();
}

TEST(AsioScheduler, MayGoWhileItsHandlersAreStillQueuedInAStoppedContext) {
  boost::asio::io_context io;
  {
    asio_scheduler on(io);
    alarm hour([] {});
    item stops([&] {
      on.post_at(hour, on.now() + 1h);
      EXPECT_TRUE(on.cancel(hour));
      io.stop();
    });
    on.post(stops);
    io.run();
  }
  io.restart();
  io.run();
}

TEST(AsioScheduler, MayGoBeforeAPoolThatNeverRanItsLane) {
  boost::asio::thread_pool pool(2);
  {
    asio_scheduler on(pool);
    std::latch ran(2);
    item first([&] { ran.count_down(); });
    item second([&] { ran.count_down(); });
    on.post(first);
    on.post(second);
    ran.wait();
    pool.stop();
  }
}

TEST(AsioSchedulerDeathTest, DestroyedWithWorkInItIsReported) {
  EXPECT_DEATH(
      {
        boost::asio::io_context io;
        item never([] {});
        asio_scheduler on(io);
        on.post(never);
      },
      "steward: asio scheduler destroyed with work in it");
}

}  // namespace
