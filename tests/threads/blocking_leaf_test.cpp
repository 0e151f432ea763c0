// SPDX-License-Identifier: Apache-2.0
//
// Foregrounds on threads of their own, which post their end: so on a run loop, without a wait for a time.
#include "steward/blocking_leaf.hpp"

#include "steward/parallel.hpp"
#include "steward/sync_wait.hpp"
#include "steward/wait.hpp"

#include <gmock/gmock.h>
#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace steward {
namespace {

/// Blocks until the token is stopped.
void until_stopped(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock guard(mutex);
  changed.wait(guard, stop, [] { return false; });
}

result<> run_it(const runnable& what, callback use) {
  return sync_wait([&](context& ctx) { return what.run(ctx, use); });
}

task<> returns_at_once(context&) { co_return {}; }

task<> until_lost(context& ctx) {
  (void)co_await ctx.stopped();
  co_return {};
}

TEST(BlockingLeaf, L6_ForegroundRunsOnAThreadOfItsOwnWithAStopToken) {
  std::thread::id foreground_on;
  std::thread::id callback_on;
  const auto foreground = [&](std::stop_token stop) {
    foreground_on = std::this_thread::get_id();
    EXPECT_TRUE(stop.stop_possible());
    until_stopped(stop);
  };
  const auto use = [&](context&) -> task<> {
    callback_on = std::this_thread::get_id();
    co_return {};
  };
  EXPECT_TRUE(run_it(blocking_leaf(foreground), use).has_value());
  EXPECT_NE(foreground_on, callback_on);
  EXPECT_EQ(callback_on, std::this_thread::get_id());
}

TEST(BlockingLeaf, L6_TokenIsStoppedOnlyAfterTheCallbackAndGracefulStop) {
  std::atomic<bool> stopped{false};
  const auto foreground = [&](std::stop_token stop) {
    until_stopped(stop);
    stopped = true;
  };
  const auto use = [&](context&) -> task<> {
    EXPECT_FALSE(stopped);
    co_return {};
  };
  const auto graceful_stop = [&](context& ctx) -> task<> {
    EXPECT_FALSE(stopped);
    EXPECT_FALSE(ctx.is_stopped());
    co_return {};
  };
  EXPECT_TRUE(run_it(blocking_leaf(foreground, graceful_stop), use).has_value());
  EXPECT_TRUE(stopped);
}

TEST(BlockingLeaf, L3_GracefulStopEndsTheForegroundWithoutTheToken) {
  std::latch closed(1);
  const auto foreground = [&](std::stop_token) -> result<> {
    closed.wait();
    return {};
  };
  const auto graceful_stop = [&](context&) -> task<> {
    closed.count_down();
    co_return {};
  };
  EXPECT_TRUE(run_it(blocking_leaf(foreground, graceful_stop), returns_at_once).has_value());
}

TEST(BlockingLeaf, L2_CallbacksContextStopsWhenTheForegroundReturns) {
  const auto returns = [](std::stop_token) {};
  EXPECT_TRUE(run_it(blocking_leaf(returns), until_lost).has_value());
}

TEST(BlockingLeaf, L5_ForegroundsErrorIsTheResult) {
  const auto fails = [](std::stop_token) -> result<> { return fail(error("broken pipe")); };
  EXPECT_EQ(run_it(blocking_leaf(fails), until_lost).error().to_string(), "broken pipe");
}

TEST(BlockingLeaf, R7_WhatTheForegroundThrowsIsAnError) {
  const auto throws = [](std::stop_token) { throw std::runtime_error("broken pipe"); };
  EXPECT_EQ(run_it(blocking_leaf(throws), until_lost).error().to_string(), "std::runtime_error: broken pipe");
}

TEST(BlockingLeaf, R6_ItsThreadIsGoneWhenTheRunEnds) {
  static std::atomic<int> alive{0};
  struct counted {
    counted() { ++alive; }
    ~counted() { --alive; }
  };
  const auto foreground = [](std::stop_token stop) {
    thread_local const counted mark;
    (void)mark;
    until_stopped(stop);
  };
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(run_it(blocking_leaf(foreground), returns_at_once).has_value());
    ASSERT_EQ(alive, 0) << "thread_local objects of the thread are destroyed";
  }
}

TEST(BlockingLeaf, R3_ForcedForegroundIsAskedByTheToken) {
  const auto body = [](context& ctx) -> task<> {
    context own(ctx);
    const auto foreground = [](std::stop_token stop) { until_stopped(stop); };
    const runnable what = blocking_leaf(foreground);
    const auto use = [&own](context& handed) -> task<> {
      own.stop(stop_reason::shutdown);
      const error why = co_await handed.stopped();
      EXPECT_EQ(why.reason(), stop_reason::shutdown);
      co_return {};
    };
    co_return co_await what.run(own, use);
  };
  EXPECT_TRUE(sync_wait(body).has_value());
}

TEST(BlockingLeaf, StopCallbacksOfTheForegroundRunOnTheThreadThatStops) {
  std::thread::id called_on;
  std::latch registered(1);
  const auto foreground = [&](std::stop_token stop) {
    const std::stop_callback note(stop, [&] { called_on = std::this_thread::get_id(); });
    registered.count_down();
    until_stopped(stop);
  };
  const auto use = [&](context&) -> task<> {
    registered.wait();
    co_return {};
  };
  EXPECT_TRUE(run_it(blocking_leaf(foreground), use).has_value());
  EXPECT_EQ(called_on, std::this_thread::get_id());
}

TEST(BlockingLeaf, R9_ManyAtOnce) {
  std::atomic<int> calls{0};
  const auto foreground = [&](std::stop_token stop) {
    ++calls;
    until_stopped(stop);
  };
  const runnable one = blocking_leaf(foreground);
  EXPECT_TRUE(run_it(parallel(std::vector<runnable>(16, one)), returns_at_once).has_value());
  EXPECT_EQ(calls, 16);
}

TEST(BlockingLeaf, ThreadThatCannotBeStartedIsAnErrorOfTheSystem) {
  pthread_attr_t usual;
  ASSERT_EQ(pthread_getattr_default_np(&usual), 0);
  pthread_attr_t impossible;
  pthread_attr_init(&impossible);
  ASSERT_EQ(pthread_attr_setstacksize(&impossible, std::size_t{1} << 52), 0);
  ASSERT_EQ(pthread_setattr_default_np(&impossible), 0);
  const auto outcome = run_it(blocking_leaf([](std::stop_token) {}), until_lost);
  ASSERT_EQ(pthread_setattr_default_np(&usual), 0);
  pthread_attr_destroy(&impossible);
  pthread_attr_destroy(&usual);
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().to_string(), ::testing::StartsWith("cannot start a thread: "));
  EXPECT_EQ(outcome.error().code().category(), std::generic_category());
}

}  // namespace
}  // namespace steward
