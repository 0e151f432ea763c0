// SPDX-License-Identifier: Apache-2.0
#include "steward/asio/signals.hpp"

#include "steward/parallel.hpp"
#include "steward/service.hpp"
#include "steward/start_stop.hpp"
#include "steward/wait.hpp"
#include "support.hpp"

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <string>

namespace {

using namespace std::chrono_literals;
using asio_test::run_on;
using steward::asio_scheduler;
using steward::context;
using steward::task;

// A signal whose default is to do nothing, so that a failing test ends no runner.
constexpr int number = SIGWINCH;

TEST(Signals, YieldsTheNumberOfTheSignal) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  steward::signals received(io, {number, SIGCHLD});
  const auto got = run_on(io, on, [&](context& ctx) {
    boost::asio::post(io, [] { std::raise(number); });
    return received.wait(ctx);
  });
  ASSERT_TRUE(got) << got.error().to_string();
  EXPECT_EQ(*got, number);
}

TEST(Signals, OneThatCameWhenNobodyWaitedIsKept) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  steward::signals received(io, {number});
  std::raise(number);
  const auto got = run_on(io, on, [&](context& ctx) { return received.wait(ctx); });
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, number);
}

TEST(Signals, AStopEndsTheWait) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  steward::signals received(io, {number});
  const auto got = run_on(io, on, [&](context& ctx) {
    boost::asio::post(io, [&ctx] { ctx.stop(steward::stop_reason::shutdown); });
    return received.wait(ctx);
  });
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().reason(), steward::stop_reason::shutdown);
}

task<> note(std::string& seen, std::string what) {
  seen += what;
  co_return {};
}

TEST(Signals, UntilSignalEndsAProgramGracefully) {
  asio_test::running_io running;
  asio_scheduler on(running.io);
  std::string seen;
  auto program = steward::start_stop([&](context&) { return note(seen, "started "); },
                                     [&](context& ctx) { return note(seen, ctx.is_stopped() ? "forced" : "graceful"); });
  {
    steward::service app(on, steward::parallel(program, steward::until_signal(running.io, {number})));
    ASSERT_TRUE(app.start());
    std::raise(number);
    const auto end = app.wait();
    EXPECT_EQ(end.code, 0) << (end.outcome ? "" : end.outcome.error().to_tree());
  }
  running.join();
  EXPECT_EQ(seen, "started graceful");
}

TEST(Signals, UntilSignalIsReadyAtOnceAndStops) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  const auto ended = run_on(io, on, [&](context& ctx) -> task<> {
    return [](context& outer, boost::asio::io_context& where) -> task<> {
      steward::process waits(outer, steward::until_signal(where, {number}), "signal");
      co_await steward::or_return(waits.start(outer));
      co_return co_await waits.stop(outer);
    }(ctx, io);
  });
  EXPECT_TRUE(ended);
}

}  // namespace
