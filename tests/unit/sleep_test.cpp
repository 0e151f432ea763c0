// SPDX-License-Identifier: Apache-2.0
//
// The two ends of a sleep, made to meet where threads would make them meet once in a million.
#include "steward/root_context.hpp"
#include "steward/scheduler.hpp"
#include "steward/testing/background.hpp"
#include "steward/wait.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <utility>

namespace steward::test {
namespace {

using namespace std::chrono_literals;
using testing::background;

/// Calls out at the moments at which another thread may come between.
class meddling_scheduler final : public scheduler {
 public:
  std::function<void()> before_post_at = [] {};
  std::function<void()> before_cancel = [] {};

  void run() {
    while (!queue_.empty()) execute(queue_.pop());
  }
  /// The timer is due: it runs, and whatever follows from it.
  void ring() {
    if (!due_) return;
    timer& item = *std::exchange(due_, nullptr);
    execute(item);
    run();
  }

  void post(work& item) noexcept override { queue_.push(item); }
  void post_at(timer& item, instant) noexcept override {
    due_ = &item;
    before_post_at();
  }
  bool cancel(timer&) noexcept override {
    before_cancel();
    return std::exchange(due_, nullptr) != nullptr;
  }
  [[nodiscard]] instant now() const noexcept override { return instant{}; }

 private:
  work_queue queue_;
  timer* due_ = nullptr;
};

class Sleep : public ::testing::Test {
 protected:
  /// Sleeps once; returns whether the sleep had ended while the scheduler was still looking at its timer.
  bool nap() {
    bool over = false;
    bool over_inside_cancel = false;
    on.before_cancel = [&, before = on.before_cancel] {
      before();
      over_inside_cancel = over;
    };
    background<void> job(on, [&]() -> task<> {
      const auto slept = co_await root.sleep_for(1s);
      over = true;
      EXPECT_EQ(slept.has_value(), !root.is_stopped());
      co_return {};
    });
    on.run();
    on.ring();
    EXPECT_TRUE(job.done());
    return over_inside_cancel;
  }

  meddling_scheduler on;
  root_context root{on};
};

TEST_F(Sleep, C5_EndsWhenItsTimeHasCome) { EXPECT_FALSE(nap()); }

TEST_F(Sleep, C5_StoppedWhileItIsBeingSetUp) {
  on.before_post_at = [this] { root.stop(); };
  EXPECT_FALSE(nap());
}

TEST_F(Sleep, C5_ItsTimeComesWhileItIsBeingSetUp) {
  on.before_post_at = [this] { on.ring(); };
  EXPECT_FALSE(nap());
}

TEST_F(Sleep, C5_StoppedWhileItIsBeingSetUpAndThenItsTimeComesWhileTheTimerIsTakenBack) {
  on.before_post_at = [this] { root.stop(); };
  on.before_cancel = [this] { on.ring(); };
  EXPECT_FALSE(nap()) << "the timer is gone, and the scheduler is about to look whether it waits";
}

}  // namespace
}  // namespace steward::test
