// SPDX-License-Identifier: Apache-2.0
#include "steward/task.hpp"

#include "failing_frames.hpp"
#include "steward/sync_wait.hpp"
#include "virtual_test.hpp"

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace steward {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

task<int> value(int n) { co_return n; }
task<int> failing(error why) { co_return why; }

TEST(Task, IsLazy) {
  bool ran = false;
  const auto body = [&](context&) -> task<> {
    ran = true;
    co_return {};
  };
  const auto outcome = run_virtual([&](context& ctx) -> task<> {
    auto held = body(ctx);
    EXPECT_FALSE(ran);
    co_return co_await std::move(held);
  });
  EXPECT_TRUE(outcome && ran);
}

TEST(Task, CompletesWithAValueAnErrorACodeOrAResult) {
  const auto outcome = run_virtual([](context&) -> task<> {
    const auto code = []() -> task<int> { co_return errc::not_found; };
    const auto whole = []() -> task<int> { co_return result<int>(3); };
    const auto nothing = []() -> task<> { co_return result<>(fail(error("x"))); };
    EXPECT_EQ((co_await value(2)).value(), 2);
    EXPECT_EQ((co_await failing(error("broken"))).error().to_string(), "broken");
    EXPECT_EQ((co_await code()).error(), error(errc::not_found));
    EXPECT_EQ((co_await whole()).value(), 3);
    EXPECT_EQ((co_await nothing()).error().to_string(), "x");
    co_return {};
  });
  EXPECT_TRUE(outcome.has_value());
}

TEST(Task, CarriesAValueThatCanOnlyBeMoved) {
  const auto outcome = run_virtual([](context&) -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(7); });
  EXPECT_EQ(*outcome.value(), 7);
}

TEST(Task, ATaskOfErrorsCompletesWithOneAsItsValue) {
  const auto outcome = run_virtual([](context&) -> task<error> { co_return error("this is the value"); });
  EXPECT_EQ(outcome.value().to_string(), "this is the value");
}

TEST(Task, OrReturnGivesTheValueOrEndsWithTheError) {
  bool went_on = false;
  const auto sum = [&](error second) -> task<int> {
    const int one = co_await or_return(value(1));
    const int two = co_await or_return(result<int>(2));
    const int more = co_await or_return(failing(second));
    went_on = true;
    co_return one + two + more;
  };
  const auto outcome = run_virtual([&](context&) -> task<> {
    const auto got = co_await sum(error("second"));
    EXPECT_EQ(got.error().to_string(), "second");
    const result<int> failed = fail(error("third"));
    const auto of_result = [&]() -> task<int> { co_return co_await or_return(failed); };
    EXPECT_EQ((co_await of_result()).error().to_string(), "third");
    co_return {};
  });
  EXPECT_TRUE(outcome.has_value());
  EXPECT_FALSE(went_on);
}

/// Writes down when it is destroyed.
class mark {
 public:
  mark(std::string& text, char letter) noexcept : text_(&text), letter_(letter) {}
  mark(const mark&) = delete;
  mark& operator=(const mark&) = delete;
  ~mark() { text_->push_back(letter_); }

 private:
  std::string* text_;
  char letter_;
};

TEST(Task, EverythingInsideIsDestroyedBeforeTheResultIsThere) {
  std::string text;
  const auto inner = [&](bool early) -> task<> {
    const mark a(text, 'a');
    if (early) co_await or_return(result<>(fail(error("early"))));
    const mark b(text, 'b');
    co_return {};
  };
  const auto outcome = run_virtual([&](context&) -> task<> {
    (void)co_await inner(false);
    text.push_back('|');
    (void)co_await inner(true);
    text.push_back('|');
    co_return {};
  });
  EXPECT_TRUE(outcome.has_value());
  EXPECT_EQ(text, "ba|a|");
}

TEST(Task, DroppingOneThatWasNeverAwaitedDestroysItsArguments) {
  const auto shared = std::make_shared<int>(1);
  const auto hold = [](std::shared_ptr<int> held) -> task<int> { co_return *held; };
  {
    const auto dropped = hold(shared);
    EXPECT_EQ(shared.use_count(), 2);
  }
  EXPECT_EQ(shared.use_count(), 1);
}

TEST(Task, R7_AnExceptionBecomesAnErrorWithTypeAndMessage) {
  const auto before = contained_exceptions();
  const auto outcome = run_virtual([](context&) -> task<int> {
    throw std::runtime_error("boom");
    co_return 1;
  });
  EXPECT_TRUE(outcome.error().is(errc::exception));
  EXPECT_EQ(outcome.error().to_string(), "std::runtime_error: boom");
  EXPECT_EQ(contained_exceptions(), before + 1);
}

TEST(Task, R7_AFrameThatCannotBeAllocatedIsAFailedTaskAndNoThrow) {
  if (!test::frames_can_fail) GTEST_SKIP() << "frames cannot be made to fail here";
  const auto outcome = run_virtual([](context&) -> task<> {
    auto made = [] {
      const failing_frames none(1);
      return value(1);
    }();
    const auto got = co_await std::move(made);
    EXPECT_EQ(got.error(), error(errc::out_of_memory));
    const auto through = []() -> task<int> {
      task<int> missing;
      co_return co_await or_return(std::move(missing));
    };
    EXPECT_EQ((co_await through()).error(), error(errc::out_of_memory));
    co_return {};
  });
  EXPECT_TRUE(outcome.has_value());
}

task<int> depth(int left) {
  if (left == 0) co_return 0;
  co_return 1 + co_await or_return(depth(left - 1));
}

task<int> fail_deep(int left) {
  if (left == 0) co_return errc::not_found;
  co_return co_await or_return(fail_deep(left - 1));
}

TEST(Task, DeepNestingDoesNotGrowTheStack) {
  constexpr int deep = 100'000;
  EXPECT_EQ(run_virtual([](context&) { return depth(deep); }).value(), deep);
  EXPECT_EQ(sync_wait([](context&) { return depth(deep); }).value(), deep);
  EXPECT_EQ(sync_wait([](context&) { return fail_deep(deep); }).error(), error(errc::not_found));
}

TEST(Task, ALongLoopOfTasksDoesNotGrowTheStackAndLetsPostedWorkRun) {
  virtual_scheduler time;
  int rounds = 0;
  int seen = -1;
  background loop(time, [&]() -> task<> {
    for (; rounds < 100'000; ++rounds) (void)co_await value(rounds);
    co_return {};
  });
  background other(time, [&]() -> task<> {
    seen = rounds;
    co_return {};
  });
  time.run_until_idle();
  EXPECT_TRUE(loop.done());
  EXPECT_LT(seen, 1000) << "posted work starved";
}

}  // namespace
}  // namespace steward
