// SPDX-License-Identifier: Apache-2.0
//
// What is destroyed too early says so on one line, and the program ends before anything undefined happens (PR11).
#include "steward/misuse.hpp"

#include "fleet.hpp"
#include "steward/process.hpp"
#include "steward/run_loop.hpp"
#include "steward/stop_callback.hpp"
#include "steward/task_scope.hpp"
#include "virtual_test.hpp"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <thread>

namespace steward::test {
namespace {

using table_of_rows = memory_table<std::string, runnable>;

constexpr int told = 37;
[[noreturn]] void leave() noexcept { std::_Exit(told); }

/// What is destroyed where the memory under it is overwritten at once: whoever looks at it afterwards does not get away with it.
template <class T>
class short_lived {
 public:
  template <class... Arguments>
  explicit short_lived(Arguments&&... arguments) : held_(new(memory_) T(std::forward<Arguments>(arguments)...)) {}
  short_lived(const short_lived&) = delete;
  short_lived& operator=(const short_lived&) = delete;
  ~short_lived() {
    if (held_ != nullptr) destroy();
  }
  void destroy() {
    held_->~T();
    held_ = nullptr;
    std::memset(memory_, 0xff, sizeof memory_);
  }
  [[nodiscard]] T& operator*() noexcept { return *held_; }
  [[nodiscard]] T* operator->() noexcept { return held_; }

 private:
  alignas(T) std::byte memory_[sizeof(T)];
  T* held_;
};

class item final : public timer {
 public:
  item() noexcept : timer([](work&) noexcept {}, nullptr) {}
};

/// Everything in here is made inside the child of a death test.
class MisuseDeathTest : public ::testing::Test {
 protected:
  MisuseDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

void destroy_process(const scripted& what, void (*before)(process&)) {
  set_misuse_handler(&leave);
  virtual_scheduler time;
  root_context root(time);
  auto web = std::make_unique<process>(root, runnable(what), "web");
  background<void> started(time, web->start(root));
  time.run_until_idle();
  before(*web);
  time.run_until_idle();
  web.reset();
}

TEST_F(MisuseDeathTest, PR11_DestroyingAProcessThatIsNotDoneNamesItAndItsState) {
  const auto nothing = [](process&) {};
  const auto stop = [](process& web) { web.request_stop(); };
  EXPECT_EXIT(destroy_process(scripted("web").hang(), nothing), ::testing::ExitedWithCode(told),
              "^steward: process \"web\" destroyed while starting\n$");
  EXPECT_EXIT(destroy_process(scripted("web"), nothing), ::testing::ExitedWithCode(told), "^steward: process \"web\" destroyed while running\n$");
  EXPECT_EXIT(destroy_process(scripted("web").winds_down_in(1h), stop), ::testing::ExitedWithCode(told),
              "^steward: process \"web\" destroyed while ending\n$");
}

TEST_F(MisuseDeathTest, PR11_TheHandlerIsTerminateUnlessItIsReplaced) {
  EXPECT_DEATH(report_misuse("process", "web", "destroyed"), "steward: process \"web\" destroyed\n");
  EXPECT_DEATH(
      {
        set_misuse_handler(&leave);
        set_misuse_handler(nullptr);
        std::set_terminate([] { std::_Exit(told); });
        report_misuse("manager", "", "destroyed while it runs");
      },
      "steward: manager destroyed while it runs\n");
}

TEST_F(MisuseDeathTest, PR11_DestroyingATaskScopeWithATaskThatRuns) {
  EXPECT_EXIT(
      {
        set_misuse_handler(&leave);
        virtual_scheduler time;
        auto scope = std::make_unique<task_scope>(time);
        scope->start([]() -> task<> { co_return {}; }());
        scope.reset();
      },
      ::testing::ExitedWithCode(told), "^steward: task scope destroyed before its tasks have ended\n$");
}

TEST_F(MisuseDeathTest, PR11_DestroyingAContextWithALiveChild) {
  EXPECT_EXIT(
      {
        set_misuse_handler(&leave);
        virtual_scheduler time;
        root_context root(time);
        auto outer = std::make_unique<context>(root);
        const context inner(*outer);
        outer.reset();
      },
      ::testing::ExitedWithCode(told), "^steward: context destroyed before its children\n$");
  EXPECT_EXIT(
      {
        set_misuse_handler(&leave);
        virtual_scheduler time;
        auto root = std::make_unique<root_context>(time);
        const context inner(*root);
        root.reset();
      },
      ::testing::ExitedWithCode(told), "^steward: context destroyed before what runs under it has ended\n$");
}

TEST_F(MisuseDeathTest, PR11_DestroyingAContextUnderWhichAProcessRuns) {
  EXPECT_EXIT(
      {
        set_misuse_handler(&leave);
        virtual_scheduler time;
        auto root = std::make_unique<root_context>(time);
        process web(*root, nop(), "web");
        background<void> started(time, web.start(*root));
        time.run_until_idle();
        root.reset();
      },
      ::testing::ExitedWithCode(told), "^steward: context destroyed before what runs under it has ended\n$");
  EXPECT_EXIT(
      {
        set_misuse_handler(&leave);
        virtual_scheduler time;
        root_context root(time);
        auto inner = std::make_unique<context>(root);
        process web(*inner, nop(), "web");
        background<void> started(time, web.start(root));
        time.run_until_idle();
        inner.reset();
      },
      ::testing::ExitedWithCode(told), "^steward: context destroyed before what runs under it has ended\n$");
}

TEST_F(MisuseDeathTest, PR11_DestroyingAContextOfWhoseStopSomebodyIsToBeTold) {
  EXPECT_EXIT(
      {
        set_misuse_handler(&leave);
        virtual_scheduler time;
        root_context root(time);
        auto inner = std::make_unique<context>(root);
        const stop_callback told_of_it(*inner, [] {});
        inner.reset();
      },
      ::testing::ExitedWithCode(told), "^steward: context destroyed before what runs under it has ended\n$");
}

TEST_F(MisuseDeathTest, PR11_DestroyingAManagerThatRuns) {
  EXPECT_EXIT(
      {
        set_misuse_handler(&leave);
        virtual_scheduler time;
        root_context root(time);
        table_of_rows rows;
        auto kept = std::make_unique<fleet>(rows);
        auto hold = [](context& ctx) -> task<> {
          (void)co_await ctx.stopped();
          co_return {};
        };
        background<void> running(time, kept->run(root, hold));
        time.run_until_idle();
        kept.reset();
      },
      ::testing::ExitedWithCode(told), "^steward: manager destroyed while it runs\n$");
}

TEST_F(MisuseDeathTest, PR11_DestroyingARunLoopWithWorkInIt) {
  constexpr const char* line = "^steward: run loop destroyed with work in it\n$";
  EXPECT_EXIT(
      {
        set_misuse_handler(&leave);
        item never;
        run_loop loop;
        loop.post(never);
      },
      ::testing::ExitedWithCode(told), line);
  EXPECT_EXIT(
      {
        set_misuse_handler(&leave);
        item never;
        run_loop loop;
        loop.post_at(never, instant::max());
      },
      ::testing::ExitedWithCode(told), line);
  EXPECT_EXIT(
      {
        set_misuse_handler(&leave);
        item never;
        run_loop loop;
        std::thread([&] { loop.post(never); }).join();
      },
      ::testing::ExitedWithCode(told), line);
}

// What does not run may be destroyed at any time and in any order.
TEST(Misuse, PR11_WhatDoesNotRunMayOutliveItsContext) {
  virtual_scheduler time;
  short_lived<root_context> root(time);
  process never_started(*root, nop(), "never started");
  process refused(*root, nop(), "refused");
  process ended(*root, nop(), "ended");
  {
    background<void> started(time, ended.start(*root));
    background<void> stopped(time, refused.stop(*root));
    time.run_until_idle();
    ended.request_stop();
    time.run_until_idle();
  }
  EXPECT_TRUE(ended.is_done());
  EXPECT_TRUE(refused.is_done());
  root.destroy();
}

TEST(Misuse, PR11_AManagerThatHasEndedMayBeDestroyedBeforeItsTableAndItsContext) {
  virtual_scheduler time;
  root_context root(time);
  memory_table<std::string, runnable> rows;
  rows.put("web", nop());
  auto kept = std::make_unique<fleet>(rows);
  auto at_once = [](context&) -> task<> { co_return {}; };
  background<void> running(time, kept->run(root, at_once));
  time.run();
  EXPECT_TRUE(running.done());
  kept.reset();
}

}  // namespace
}  // namespace steward::test
