// SPDX-License-Identifier: Apache-2.0
#include "steward/run_loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <random>
#include <semaphore>
#include <thread>
#include <utility>
#include <vector>

namespace steward::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Calls a function when it runs. Posted, or posted at a time.
class item final : public timer {
 public:
  explicit item(std::function<void()> what) : timer(&run, nullptr), what_(std::move(what)) {}

 private:
  static void run(work& self) noexcept { static_cast<item&>(self).what_(); }

  std::function<void()> what_;
};

class RunLoop : public ::testing::Test {
 protected:
  /// An item that writes a number.
  item& number(int value) {
    return add([this, value] { ran.push_back(value); });
  }
  item& add(std::function<void()> what) { return *kept.emplace_back(std::make_unique<item>(std::move(what))); }

  std::vector<int> ran;
  std::vector<std::unique_ptr<item>> kept;
  run_loop loop;
};

TEST_F(RunLoop, RunsWhatWasPostedInThatOrderAndNothingInsideThePost) {
  for (int i = 0; i < 200; ++i) loop.post(number(i));
  EXPECT_THAT(ran, IsEmpty());
  EXPECT_EQ(loop.run_ready(), 200U);
  EXPECT_EQ(ran.size(), 200U);
  EXPECT_TRUE(std::ranges::is_sorted(ran));
  EXPECT_EQ(loop.run_ready(), 0U);
}

// AddressSanitizer sees it when the loop looks at the timer once more after its sleep.
TEST_F(RunLoop, ATimerThatAnotherThreadTakesBackMayBeFreedWhileTheLoopSleeps) {
  std::jthread running([this] { loop.run(); });
  const auto wait_for_the_loop = [this] {
    std::binary_semaphore ran_once(0);
    loop.post(add([&] { ran_once.release(); }));
    ran_once.acquire();
  };
  for (int i = 0; i < 200; ++i) {
    auto far = std::make_unique<item>([] {});
    loop.post_at(*far, loop.now() + 1h);
    wait_for_the_loop();
    for (int turn = 0; turn < 20; ++turn) std::this_thread::yield();  // so that it goes to sleep, mostly
    ASSERT_TRUE(loop.cancel(*far));
    far.reset();
    wait_for_the_loop();
  }
  loop.finish();
}

TEST_F(RunLoop, WhatAnItemPostsRunsAfterWhatIsThereAlready) {
  loop.post(add([this] {
    loop.post(number(3));
    ran.push_back(1);
  }));
  loop.post(number(2));
  loop.run_ready();
  EXPECT_THAT(ran, ElementsAre(1, 2, 3));
}

TEST_F(RunLoop, AnItemMayBePostedAgainWhileItRuns) {
  int left = 1000;
  item again([&] {
    if (--left > 0) loop.post(again);
  });
  loop.post(again);
  EXPECT_EQ(loop.run_ready(), 1000U);
}

TEST_F(RunLoop, PostsFromManyThreadsAllArriveThoseOfOneThreadInOrder) {
  constexpr std::size_t threads = 4;
  constexpr std::size_t posts = 5000;
  std::array<std::vector<std::size_t>, threads> arrived;
  std::vector<std::unique_ptr<item>> items;
  std::size_t left = threads * posts;
  for (std::size_t thread = 0; thread < threads; ++thread)
    for (std::size_t i = 0; i < posts; ++i)
      items.push_back(std::make_unique<item>([&, thread, i] {
        arrived.at(thread).push_back(i);
        if (--left == 0) loop.finish();
      }));
  {
    std::vector<std::jthread> posting;
    for (std::size_t thread = 0; thread < threads; ++thread)
      posting.emplace_back([&, thread] {
        for (std::size_t i = 0; i < posts; ++i) loop.post(*items[thread * posts + i]);
      });
    loop.run();
  }
  for (const auto& each : arrived) {
    EXPECT_EQ(each.size(), posts);
    EXPECT_TRUE(std::ranges::is_sorted(each));
  }
}

TEST_F(RunLoop, WorkRunsOnTheThreadThatRunsTheLoop) {
  std::thread::id where;
  item look([&] {
    where = std::this_thread::get_id();
    loop.finish();
  });
  std::jthread driver([this] { loop.run(); });
  const auto expected = driver.get_id();
  loop.post(look);
  driver.join();
  EXPECT_EQ(where, expected);
}

TEST_F(RunLoop, TimersThatAreDueRunInTheOrderOfTheirTimes) {
  const instant now = loop.now();
  loop.post_at(number(3), now - 1ms);
  loop.post_at(number(1), now - 3ms);
  loop.post_at(number(4), now);
  loop.post_at(number(2), now - 2ms);
  while (ran.size() < 4) loop.run_ready();
  EXPECT_THAT(ran, ElementsAre(1, 2, 3, 4));
}

TEST_F(RunLoop, TimersOfOneInstantAllRun) {
  const instant now = loop.now();
  for (int i = 0; i < 100; ++i) loop.post_at(number(i), now);
  while (ran.size() < 100) loop.run_ready();
  std::ranges::sort(ran);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ran[static_cast<std::size_t>(i)], i);
}

TEST_F(RunLoop, ATimerDoesNotRunBeforeItsTimeAndTheLoopWaitsForIt) {
  const instant due = loop.now() + 2ms;
  instant ran_at{};
  loop.post_at(add([&] {
                 ran_at = loop.now();
                 loop.finish();
               }),
               due);
  loop.run();
  EXPECT_GE(ran_at, due);
}

TEST_F(RunLoop, AnEarlierTimerFromAnotherThreadWakesALoopThatWaitsForALaterOne) {
  item& late = number(1);
  loop.post_at(late, loop.now() + 24h);
  item early([this] { loop.finish(); });
  std::jthread other([&] { loop.post_at(early, loop.now()); });
  loop.run();
  EXPECT_TRUE(loop.cancel(late));
  EXPECT_THAT(ran, IsEmpty());
}

TEST_F(RunLoop, ATimerIsTakenBackOnlyWhileItWaits) {
  item& taken = number(1);
  item& ready = number(2);
  EXPECT_FALSE(loop.cancel(taken));
  loop.post_at(taken, loop.now() + 24h);
  EXPECT_TRUE(loop.cancel(taken));
  EXPECT_FALSE(loop.cancel(taken));
  loop.post_at(ready, loop.now());
  while (ran.empty()) loop.run_ready();
  EXPECT_FALSE(loop.cancel(ready));
  EXPECT_THAT(ran, ElementsAre(2));
}

// The heap against what it should do: whatever is added and taken back, the rest runs in the order of its times.
TEST_F(RunLoop, TimersKeepTheirOrderWhateverIsTakenBack) {
  std::minstd_rand random(4711);
  for (int round = 0; round < 200; ++round) {
    const instant past = loop.now() - 1h;
    std::vector<int> times;
    std::vector<std::unique_ptr<item>> timers;
    std::vector<int> order;
    const std::size_t count = 1 + random() % 60;
    for (std::size_t i = 0; i < count; ++i) {
      const int at = static_cast<int>(random() % 20);
      times.push_back(at);
      timers.push_back(std::make_unique<item>([&order, at] { order.push_back(at); }));
      loop.post_at(*timers.back(), past + std::chrono::seconds(at));
    }
    std::vector<int> expected;
    for (std::size_t i = 0; i < count; ++i)
      if (random() % 3 == 0) {
        EXPECT_TRUE(loop.cancel(*timers[i]));
      } else {
        expected.push_back(times[i]);
      }
    std::ranges::sort(expected);
    loop.run_ready();
    EXPECT_EQ(order, expected) << "round " << round;
  }
}

TEST_F(RunLoop, FinishReturnsAndWhatIsLeftRunsTheNextTime) {
  loop.post(add([this] { loop.finish(); }));
  for (int i = 0; i < 500; ++i) loop.post(number(i));
  loop.run();
  EXPECT_LT(ran.size(), 500U);
  loop.post(add([this] { loop.finish(); }));
  while (ran.size() < 500) loop.run_ready();
  EXPECT_TRUE(std::ranges::is_sorted(ran));
}

TEST_F(RunLoop, FinishBeforeRunIsNotLostAndCountsOnce) {
  loop.finish();
  loop.run();
  std::atomic<bool> over{false};
  std::jthread driver([&] {
    loop.run();
    over = true;
  });
  item first([this] { ran.push_back(1); });
  item last([&] {
    ran.push_back(2);
    EXPECT_FALSE(over);
    loop.finish();
  });
  loop.post(first);
  loop.post(last);
  driver.join();
  EXPECT_THAT(ran, ElementsAre(1, 2));
}

TEST_F(RunLoop, FinishFromAnotherThreadWakesIt) {
  std::jthread other([this] { loop.finish(); });
  loop.run();
}

TEST_F(RunLoop, WorkThatPostsItselfForEverStarvesNeitherTimersNorOtherThreadsNorTheFinish) {
  bool over = false;
  item for_ever([&] {
    if (!over) loop.post(for_ever);
  });
  item from_elsewhere([this] { ran.push_back(1); });
  item due([this] { ran.push_back(2); });
  item look([&] {
    if (ran.size() == 2)
      loop.finish();
    else
      loop.post(look);
  });
  loop.post(for_ever);
  loop.post(look);
  loop.post_at(due, loop.now() + 1ms);
  std::jthread other([&] { loop.post(from_elsewhere); });
  loop.run();
  EXPECT_EQ(ran.size(), 2U);
  over = true;
  loop.run_ready();
}

TEST_F(RunLoop, AnItemMayRunTheLoopsReadyWork) {
  loop.post(add([this] {
    ran.push_back(1);
    EXPECT_EQ(loop.run_ready(), 1U);
    ran.push_back(3);
  }));
  loop.post(number(2));
  loop.run_ready();
  EXPECT_THAT(ran, ElementsAre(1, 2, 3));
}

TEST_F(RunLoop, ALoopInsideALoopLeavesTheOuterOneAsItWas) {
  loop.post(add([this] {
    run_loop inner;
    item inside([&] {
      loop.post(number(2));
      ran.push_back(1);
      inner.finish();
    });
    inner.post(inside);
    inner.run();
    loop.post(number(3));
  }));
  while (ran.size() < 3) loop.run_ready();
  EXPECT_TRUE(ran == (std::vector<int>{1, 2, 3}) || ran == (std::vector<int>{1, 3, 2}));
}

}  // namespace
}  // namespace steward::test
