// SPDX-License-Identifier: Apache-2.0
//
// Stops from other threads, at any moment of composed operations on executors of several threads. What these tests are worth, ThreadSanitizer says.
#include "steward/asio/use_task.hpp"
#include "support.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <latch>
#include <random>

namespace {

using boost::asio::buffer;
using steward::asio_scheduler;
using steward::context;
using steward::result;
using steward::task;
using steward::use_task;
using local_socket = boost::asio::local::stream_protocol::socket;

int rounds() { return std::getenv("STEWARD_SANITIZED") != nullptr ? 100 : 1000; }

struct socket_pair {
  template <class Executor>
  explicit socket_pair(const Executor& executor) : near(executor), far(executor) {
    boost::asio::local::connect_pair(near, far);
  }
  local_socket near;
  local_socket far;
};

task<> send_in_pieces(context& ctx, local_socket& socket) {
  const std::array<char, 64> bytes{};
  for (int i = 0; i < 200; ++i) {
    auto sent = co_await async_write(socket, buffer(bytes), use_task(ctx));
    if (!sent) co_return std::move(sent.error());
  }
  co_return {};
}

task<> receive_all(context&, local_socket& socket) {
  std::array<char, 12'800> bytes;
  auto received = co_await async_read(socket, buffer(bytes), use_task);
  if (!received) co_return std::move(received.error());
  co_return {};
}

struct tally {
  int complete = 0;
  int stopped = 0;
  int wrong = 0;

  void count(const result<>& outcome) {
    if (outcome)
      ++complete;
    else if (outcome.error().is_stop())
      ++stopped;
    else
      ++wrong;
  }
};

/// Reads and writes at the same time, on the two ends of a socket, and stops both at a random moment.
template <class Executor>
tally transfers(asio_scheduler& on, const Executor& executor) {
  std::minstd_rand random(1);
  tally all;
  for (int i = 0; i < rounds(); ++i) {
    steward::root_context root(on);
    socket_pair pair(executor);
    result<> sent;
    std::jthread sender([&] { sent = steward::sync_wait_on(on, [&] { return send_in_pieces(root, pair.near); }); });
    std::jthread stopper([&, spins = random() % 300'000] {
      for (std::atomic<unsigned> spun = 0; spun < spins;) spun.fetch_add(1, std::memory_order_relaxed);
      root.stop();
    });
    const auto received = steward::sync_wait_on(on, [&] { return receive_all(root, pair.far); });
    stopper.join();
    sender.join();
    all.count(received);
    all.count(sent);
  }
  return all;
}

TEST(UseTaskThreads, ComposedOperationsOfAPoolAreStoppedAtAnyMoment) {
  boost::asio::thread_pool pool(3);
  asio_scheduler on(pool);
  const tally all = transfers(on, pool.get_executor());
  pool.join();
  EXPECT_EQ(all.wrong, 0);
  EXPECT_GT(all.stopped, 0);
}

TEST(UseTaskThreads, ComposedOperationsOfAnIoContextOfSeveralThreadsAreStoppedAtAnyMoment) {
  asio_test::running_io running(3);
  asio_scheduler on(running.io);
  const tally all = transfers(on, running.io.get_executor());
  running.join();
  EXPECT_EQ(all.wrong, 0);
  EXPECT_GT(all.stopped, 0);
}

/// A composed operation of many short steps, each of which hands its cancellation slot to a timer: it would take a strand without the gate.
template <class Token>
auto async_steps(boost::asio::steady_timer& timer, int count, Token&& token) {
  return boost::asio::async_compose<Token, void(boost::system::error_code)>(
      [&timer, left = count](auto& self, boost::system::error_code code = {}) mutable {
        if (self.cancelled() != boost::asio::cancellation_type::none) code = boost::asio::error::operation_aborted;
        if (code || left-- == 0) {
          self.complete(code);
          return;
        }
        timer.expires_at(boost::asio::steady_timer::time_point::min());
        timer.async_wait(std::move(self));
      },
      token, timer);
}

task<> steps(context&, boost::asio::steady_timer& timer, std::latch& begun) {
  begun.count_down();
  co_return co_await async_steps(timer, 1'000'000, use_task);
}

TEST(UseTaskThreads, ACancellationExcludesTheStepsOfAComposedOperation) {
  boost::asio::thread_pool pool(3);
  asio_scheduler on(pool);
  tally all;
  for (int i = 0; i < rounds() / 5; ++i) {
    steward::root_context root(on);
    boost::asio::steady_timer timer(pool);
    std::latch begun(1);
    std::jthread stopper([&] {
      begun.wait();
      root.stop();
    });
    const auto ended = steward::sync_wait_on(on, [&] { return steps(root, timer, begun); });
    all.count(ended);
  }
  pool.join();
  EXPECT_EQ(all.complete + all.wrong, 0);
  EXPECT_EQ(all.stopped, rounds() / 5);
}

TEST(UseTaskThreads, ATimerAndAStopAtTheSameInstant) {
  boost::asio::thread_pool pool(2);
  asio_scheduler on(pool);
  tally all;
  for (int i = 0; i < rounds(); ++i) {
    steward::root_context root(on);
    boost::asio::steady_timer timer(pool, std::chrono::microseconds(20));
    std::jthread stopper([&] { root.stop(); });
    const auto waited = steward::sync_wait_on(
        on, [&] { return [](context&, boost::asio::steady_timer& alarm) -> task<> { co_return co_await alarm.async_wait(use_task); }(root, timer); });
    all.count(waited);
  }
  pool.join();
  EXPECT_EQ(all.wrong, 0);
}

}  // namespace
