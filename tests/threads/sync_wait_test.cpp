// SPDX-License-Identifier: Apache-2.0
#include "steward/sync_wait.hpp"

#include "steward/process.hpp"
#include "steward/wait.hpp"
#include "unit/virtual_test.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace steward::test {
namespace {

/// A loop that a thread drives.
class driven_loop {
 public:
  run_loop loop;
  ~driven_loop() { loop.finish(); }

 private:
  std::jthread thread_{[this] { loop.run(); }};
};

TEST(SyncWait, ReturnsAValueNothingOrAnError) {
  EXPECT_EQ(*sync_wait([](context&) -> task<int> { co_return 7; }), 7);
  EXPECT_TRUE(sync_wait([](context&) -> task<> { co_return {}; }));
  EXPECT_EQ(text(sync_wait([](context&) -> task<> { co_return errc::not_found; })), "not found");
  const auto moved = sync_wait([](context&) -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(3); });
  EXPECT_EQ(**moved, 3);
}

TEST(SyncWait, R7_AnExceptionIsAnError) {
  const auto outcome = sync_wait([](context&) -> task<> {
    throw std::runtime_error("no disk");
    co_return {};
  });
  ASSERT_FALSE(outcome);
  EXPECT_TRUE(outcome.error().is(errc::exception));
  EXPECT_THAT(outcome.error().to_string(), ::testing::HasSubstr("no disk"));
}

TEST(SyncWait, GivesARootContextThatLivesAsLongAsTheTask) {
  const auto outcome = sync_wait([](context& ctx) -> task<> {
    EXPECT_FALSE(ctx.is_stopped());
    EXPECT_FALSE(ctx.deadline());
    co_await or_return(co_await ctx.sleep_for(1us));
    ctx.stop(stop_reason::shutdown);
    const error why = co_await ctx.stopped();
    co_return why;
  });
  EXPECT_EQ(text(outcome), "stopped: shutdown");
}

TEST(SyncWait, TakesWhatConvertsToATask) {
  EXPECT_EQ(text(sync_wait([](context& ctx) -> task<> {
              process web(ctx, nop(), "web");
              co_await or_return(web.start(ctx));
              co_return co_await web.stop(ctx);
            })),
            "success");
  std::unique_ptr<process> gone;
  EXPECT_EQ(text(sync_wait([&](context& ctx) {
              gone = std::make_unique<process>(ctx, nop(), "web");
              return gone->stop(ctx);
            })),
            "success");
}

TEST(SyncWait, WaitsForAnotherThread) {
  std::jthread other;
  const auto outcome = sync_wait([&](context& ctx) -> task<> {
    other = std::jthread([&ctx] { ctx.stop(); });
    const error why = co_await ctx.stopped();
    other.join();
    co_return why;
  });
  EXPECT_EQ(text(outcome), "stopped: requested");
}

TEST(SyncWait, WorksInsideAnother) {
  const auto outcome = sync_wait([](context&) -> task<int> {
    const auto inner = sync_wait([](context&) -> task<int> { co_return 1; });
    co_return *inner + 1;
  });
  EXPECT_EQ(*outcome, 2);
}

/// Work that is queued beside the task and has not run when that completes.
class leftover final : public work {
 public:
  explicit leftover(std::size_t& ran) noexcept : work(&run), ran_(&ran) {}

 private:
  static void run(work& self) noexcept { ++*static_cast<leftover&>(self).ran_; }

  std::size_t* ran_;
};

TEST(SyncWait, WhatIsQueuedWhenTheTaskCompletesRunsFirstHoweverMuchItIs) {
  for (const std::size_t count : {1U, 63U, 64U, 65U, 128U, 1000U}) {
    std::size_t ran = 0;
    std::vector<std::unique_ptr<leftover>> items;
    for (std::size_t i = 0; i < count; ++i) items.push_back(std::make_unique<leftover>(ran));
    const auto outcome = sync_wait([&](context& ctx) -> task<> {
      co_await or_return(co_await ctx.sleep_for(1ns));
      for (const auto& each : items) ctx.scheduler().post(*each);
      co_return {};
    });
    EXPECT_TRUE(outcome);
    EXPECT_EQ(ran, count);
  }
}

TEST(SyncWait, TheSameForATaskThatCompletesWithoutAWait) {
  std::size_t ran = 0;
  std::vector<std::unique_ptr<leftover>> items;
  for (std::size_t i = 0; i < 1000; ++i) items.push_back(std::make_unique<leftover>(ran));
  EXPECT_TRUE(sync_wait([&](context& ctx) -> task<> {
    for (const auto& each : items) ctx.scheduler().post(*each);
    co_return {};
  }));
  EXPECT_EQ(ran, items.size());
}

TEST(SyncWaitOn, BlocksThisThreadWhileAnotherDrivesTheScheduler) {
  driven_loop driven;
  std::thread::id where;
  root_context root(driven.loop);
  const auto outcome = sync_wait_on(driven.loop, [&]() -> task<int> {
    co_await or_return(co_await root.sleep_for(1us));
    where = std::this_thread::get_id();
    co_return 7;
  });
  EXPECT_EQ(*outcome, 7);
  EXPECT_NE(where, std::this_thread::get_id());
}

TEST(SyncWaitOn, StartsAndStopsAProcessFromAPlainThread) {
  driven_loop driven;
  root_context root(driven.loop);
  process web(root, nop(), "web");
  EXPECT_EQ(text(sync_wait_on(driven.loop, [&] { return web.start(root); })), "success");
  EXPECT_EQ(web.state(), process_state::running);
  EXPECT_EQ(text(sync_wait_on(driven.loop, [&] { return web.stop(root); })), "success");
  EXPECT_EQ(text(sync_wait_on(driven.loop, [&] { return web.stop(root); })), "process: invalid process state");
}

TEST(SyncWaitOn, R7_AnExceptionIsAnError) {
  driven_loop driven;
  const auto outcome = sync_wait_on(driven.loop, []() -> task<> {
    throw std::runtime_error("no disk");
    co_return {};
  });
  ASSERT_FALSE(outcome);
  EXPECT_TRUE(outcome.error().is(errc::exception));
}

TEST(SyncWaitOn, ManyThreadsAtOnce) {
  driven_loop driven;
  root_context root(driven.loop);
  std::atomic<int> succeeded{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int round = 0; round < 200; ++round) {
          process web(root, nop());
          const auto started = sync_wait_on(driven.loop, [&] { return web.start(root); });
          const auto stopped = sync_wait_on(driven.loop, [&] { return web.stop(root); });
          if (started && stopped) ++succeeded;
        }
      });
  }
  EXPECT_EQ(succeeded, 800);
}

}  // namespace
}  // namespace steward::test
