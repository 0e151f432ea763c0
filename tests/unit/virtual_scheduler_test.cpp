// SPDX-License-Identifier: Apache-2.0
#include "steward/testing/virtual_scheduler.hpp"

#include "steward/root_context.hpp"
#include "steward/testing/background.hpp"
#include "steward/testing/explore.hpp"
#include "steward/wait.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <deque>
#include <set>
#include <string>
#include <thread>

namespace steward {
namespace {

using namespace std::chrono_literals;
using testing::background;
using testing::choices;
using ::testing::ElementsAre;
using testing::enumerated_choices;
using testing::virtual_scheduler;

/// Writes a letter when it runs.
class writer final : public timer {
 public:
  writer(scheduler& on, std::string& text, char letter) : timer(&write, &on), text_(&text), letter_(letter) {}

 private:
  static void write(work& self) noexcept {
    auto& me = static_cast<writer&>(static_cast<timer&>(self));
    me.text_->push_back(me.letter_);
  }
  std::string* text_;
  char letter_;
};

/// Posts a, b, c, d at one instant and returns the order in which they ran.
std::string order_of_four(virtual_scheduler& time) {
  std::string text;
  std::deque<writer> items;
  for (const char letter : {'a', 'b', 'c', 'd'}) time.post(items.emplace_back(time, text, letter));
  time.run_until_idle();
  return text;
}

TEST(VirtualScheduler, TimePassesOnlyWhenItIsAdvanced) {
  virtual_scheduler time;
  root_context root(time);
  background slept(time, [&]() -> task<> { co_return co_await root.sleep_for(10ms); });
  time.advance(9ms);
  EXPECT_FALSE(slept.done());
  time.advance(1ms);
  EXPECT_TRUE(slept.done());
  EXPECT_EQ(time.elapsed(), 10ms);
}

TEST(VirtualScheduler, SeedZeroRunsInTheOrderOfPosting) {
  virtual_scheduler time;
  EXPECT_EQ(order_of_four(time), "abcd");
}

TEST(VirtualScheduler, ASeedGivesTheSameOrderEachTimeAndAnotherSeedAnother) {
  std::set<std::string> orders;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    virtual_scheduler once(seed);
    virtual_scheduler again(seed);
    const std::string order = order_of_four(once);
    EXPECT_EQ(order, order_of_four(again));
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 24U);
}

TEST(VirtualScheduler, EnumeratedChoicesReachEveryOrderOnce) {
  std::multiset<std::string> orders;
  const auto count = testing::for_each_schedule([&](choices& source) {
    virtual_scheduler time(source);
    orders.insert(order_of_four(time));
  });
  EXPECT_EQ(count, 24U);
  EXPECT_EQ(std::set<std::string>(orders.begin(), orders.end()).size(), 24U);
}

TEST(VirtualScheduler, ARecordedSequenceOfChoicesReplays) {
  enumerated_choices all;
  std::vector<std::pair<std::string, std::string>> seen;
  do {
    virtual_scheduler time(all);
    const std::string order = order_of_four(time);
    seen.emplace_back(all.to_string(), order);
  } while (all.next());
  for (const auto& [recorded, order] : seen) {
    enumerated_choices one(recorded);
    virtual_scheduler time(one);
    EXPECT_EQ(order_of_four(time), order) << recorded;
  }
}

TEST(VirtualScheduler, TimersRunAtTheirTimesAndThoseOfOneInstantInTheOrderOfPosting) {
  virtual_scheduler time;
  std::string text;
  writer a(time, text, 'a');
  writer b(time, text, 'b');
  writer c(time, text, 'c');
  time.post_at(a, time.now() + 20ms);
  time.post_at(b, time.now() + 10ms);
  time.post_at(c, time.now() + 20ms);
  EXPECT_EQ(time.leftovers(), 3U);
  time.advance(10ms);
  EXPECT_EQ(text, "b");
  time.run();
  EXPECT_EQ(text, "bac");
  EXPECT_EQ(time.elapsed(), 20ms);
}

TEST(VirtualScheduler, ATimerIsTakenBackOnlyBeforeItIsDue) {
  virtual_scheduler time;
  std::string text;
  writer a(time, text, 'a');
  time.post_at(a, time.now() + 10ms);
  EXPECT_TRUE(time.cancel(a));
  EXPECT_FALSE(time.cancel(a));
  time.post_at(a, time.now() + 10ms);
  EXPECT_TRUE(time.move_to_next_timer());
  EXPECT_FALSE(time.cancel(a));
  time.run();
  EXPECT_EQ(text, "a");
}

TEST(VirtualScheduler, AJumpMakesAllTimersOnTheWayReadyAndLate) {
  virtual_scheduler time;
  std::string text;
  writer a(time, text, 'a');
  writer b(time, text, 'b');
  writer c(time, text, 'c');
  time.post_at(a, time.now() + 1ms);
  time.post_at(b, time.now() + 5ms);
  time.post_at(c, time.now() + 6ms);
  time.jump(5ms);
  EXPECT_EQ(text, "");
  EXPECT_EQ(time.elapsed(), 5ms);
  time.run_until_idle();
  EXPECT_EQ(text, "ab");
  time.run();
  EXPECT_EQ(text, "abc");
}

TEST(VirtualScheduler, RunUntilSaysWhetherItGotStuck) {
  virtual_scheduler time;
  std::string text;
  writer a(time, text, 'a');
  time.post_at(a, time.now() + 10ms);
  EXPECT_FALSE(time.run_until([&] { return !text.empty(); }, 9ms));
  EXPECT_TRUE(time.run_until([&] { return !text.empty(); }));
  EXPECT_FALSE(time.run_until([] { return false; }));
}

TEST(VirtualSchedulerDeathTest, LeftoversAreReported) {
  EXPECT_DEATH(
      {
        virtual_scheduler time;
        std::string text;
        writer a(time, text, 'a');
        time.post_at(a, time.now() + 1h);
      },
      "steward: virtual scheduler destroyed with work in it");
}

TEST(VirtualSchedulerDeathTest, WorkFromAnotherThreadIsReported) {
  EXPECT_DEATH(
      {
        virtual_scheduler time;
        std::string text;
        writer a(time, text, 'a');
        std::thread([&] { time.post(a); }).join();
      },
      "steward: virtual scheduler was given work by another thread");
}

}  // namespace
}  // namespace steward
