// SPDX-License-Identifier: Apache-2.0
#include "steward/doorbell.hpp"

#include "steward/sync_wait.hpp"
#include "virtual_test.hpp"

#include <atomic>
#include <thread>

namespace steward::test {
namespace {

class Doorbell : public virtual_test {
 protected:
  [[nodiscard]] static task<> wait_alone(doorbell& bell) {
    co_await bell.wait();
    co_return {};
  }

  doorbell bell;
  context own{root};
};

TEST_F(Doorbell, WakesWhoWaits) {
  background<void> alone(time, wait_alone(bell));
  time.run_until_idle();
  EXPECT_FALSE(alone.done());
  bell.ring();
  EXPECT_FALSE(alone.done()) << "nobody runs inside the call";
  time.run_until_idle();
  EXPECT_TRUE(alone.done());
}

TEST_F(Doorbell, KeepsARingWhileNobodyWaitsAndSeveralAreOne) {
  bell.ring();
  bell.ring();
  background<void> first(time, bell.wait(own));
  time.run_until_idle();
  ASSERT_TRUE(first.done());
  EXPECT_EQ(text(first.outcome()), "success");
  background<void> second(time, bell.wait(own));
  time.run_until_idle();
  EXPECT_FALSE(second.done());
  bell.ring();
  bell.ring();
  time.run_until_idle();
  EXPECT_TRUE(second.done());
  background<void> third(time, bell.wait(own));
  time.run_until_idle();
  EXPECT_FALSE(third.done());
  bell.ring();
  time.run_until_idle();
}

TEST_F(Doorbell, AStopEndsTheWaitWithItsReasonAndIsNoRing) {
  background<void> waiting(time, bell.wait(own));
  time.run_until_idle();
  own.stop(stop_reason::shutdown);
  time.run_until_idle();
  ASSERT_TRUE(waiting.done());
  EXPECT_EQ(text(waiting.outcome()), "stopped: shutdown");
  background<void> again(time, bell.wait(root));
  time.run_until_idle();
  EXPECT_FALSE(again.done());
  bell.ring();
  time.run_until_idle();
  EXPECT_EQ(text(again.outcome()), "success");
}

TEST_F(Doorbell, AWaitUnderAStoppedContextEndsAtOnce) {
  own.stop();
  background<void> waiting(time, bell.wait(own));
  time.run_until_idle();
  ASSERT_TRUE(waiting.done());
  EXPECT_EQ(text(waiting.outcome()), "stopped: requested");
}

TEST(DoorbellThreads, NoRingOfAnotherThreadIsLost) {
  constexpr int rounds = 20'000;
  doorbell there;
  doorbell back;
  int shared = 0;  // guarded by the two bells alone
  std::thread other([&] {
    (void)sync_wait([&](context& ctx) -> task<> {
      for (int i = 0; i < rounds; ++i) {
        co_await or_return(there.wait(ctx));
        ++shared;
        back.ring();
      }
      co_return {};
    });
  });
  const auto outcome = sync_wait([&](context& ctx) -> task<> {
    for (int i = 0; i < rounds; ++i) {
      there.ring();
      co_await or_return(back.wait(ctx));
      if (shared != i + 1) co_return errc::invalid_state;
    }
    co_return {};
  });
  other.join();
  EXPECT_EQ(text(outcome), "success");
}

TEST(DoorbellThreads, TheLastOfManyRingsIsHeardWhateverCameBefore) {
  constexpr int rings = 100'000;
  doorbell bell;
  std::atomic<int> latest{0};
  std::thread other([&] {
    for (int i = 1; i <= rings; ++i) {
      latest.store(i, std::memory_order_relaxed);
      bell.ring();
    }
  });
  const auto outcome = sync_wait([&](context& ctx) -> task<> {
    while (latest.load(std::memory_order_relaxed) != rings) {
      co_await or_return(bell.wait(ctx));
    }
    co_return {};
  });
  other.join();
  EXPECT_EQ(text(outcome), "success");
}

}  // namespace
}  // namespace steward::test
