// SPDX-License-Identifier: Apache-2.0
#include "steward/doorbell.hpp"

#include "virtual_test.hpp"

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

}  // namespace
}  // namespace steward::test
