// SPDX-License-Identifier: Apache-2.0
#include "steward/task_scope.hpp"

#include "failing_frames.hpp"
#include "virtual_test.hpp"

namespace steward::test {
namespace {

class TaskScope : public virtual_test {
 protected:
  [[nodiscard]] task<> pass(gate& open, std::string name) {
    log.add(root, name + " begins");
    co_await open.passed();
    log.add(root, name + " ends");
    co_return error("nobody asks");
  }

  task_scope scope{time};
  gate first;
  gate second;
};

TEST_F(TaskScope, TasksBeginLaterRunBesideEachOtherAndAreCounted) {
  EXPECT_EQ(scope.size(), 0U);
  EXPECT_TRUE(scope.start(pass(first, "a")));
  EXPECT_TRUE(scope.start(pass(second, "b")));
  EXPECT_EQ(scope.size(), 2U);
  EXPECT_FALSE(log.has("a begins")) << "never inside the call";
  time.run_until_idle();
  EXPECT_TRUE(log.has("a begins"));
  EXPECT_TRUE(log.has("b begins"));
  second.open();
  time.run_until_idle();
  EXPECT_TRUE(log.has("b ends"));
  EXPECT_EQ(scope.size(), 1U);
  first.open();
  time.run_until_idle();
  EXPECT_EQ(scope.size(), 0U);
}

TEST_F(TaskScope, JoinWaitsForAllAndDropsTheirErrors) {
  scope.start(pass(first, "a"));
  scope.start(pass(second, "b"));
  background<void> joining(time, scope.join());
  first.open();
  time.run_until_idle();
  EXPECT_EQ(scope.size(), 1U);
  EXPECT_FALSE(joining.done());
  second.open();
  time.run_until_idle();
  ASSERT_TRUE(joining.done());
  EXPECT_EQ(text(joining.outcome()), "success");
  EXPECT_EQ(scope.size(), 0U);
}

TEST_F(TaskScope, JoinOfNoneEndsAtOnce) {
  background<void> joining(time, scope.join());
  time.run_until_idle();
  EXPECT_TRUE(joining.done());
}

TEST_F(TaskScope, JoinWaitsAlsoForWhatATaskStartsMeanwhile) {
  const auto parent = [this]() -> task<> {
    co_await first.passed();
    scope.start(pass(second, "child"));
    co_return {};
  };
  scope.start(parent());
  background<void> joining(time, scope.join());
  time.run_until_idle();
  first.open();
  time.run_until_idle();
  EXPECT_TRUE(log.has("child begins"));
  EXPECT_FALSE(joining.done());
  second.open();
  time.run_until_idle();
  EXPECT_TRUE(joining.done());
}

TEST_F(TaskScope, WithoutMemoryATaskIsNotBegunAndNotCounted) {
  if (!frames_can_fail) GTEST_SKIP() << "needs operators of its own";
  auto what = pass(first, "a");
  {
    const failing_frames none(1);
    EXPECT_FALSE(scope.start(std::move(what)));
  }
  EXPECT_EQ(scope.size(), 0U);
  background<void> joining(time, scope.join());
  time.run_until_idle();
  EXPECT_FALSE(log.has("a begins"));
  EXPECT_TRUE(joining.done());
}

}  // namespace
}  // namespace steward::test
