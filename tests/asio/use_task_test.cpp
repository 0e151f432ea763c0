// SPDX-License-Identifier: Apache-2.0
#include "steward/asio/use_task.hpp"

#include "steward/deadline_context.hpp"
#include "steward/wait.hpp"
#include "support.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/connect_pipe.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/readable_pipe.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/writable_pipe.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <tuple>

namespace {

using namespace std::chrono_literals;
using asio_test::run_on;
using asio_test::running_io;
using boost::asio::buffer;
using boost::asio::ip::tcp;
using steward::asio_scheduler;
using steward::context;
using steward::errc;
using steward::or_return;
using steward::result;
using steward::stop_reason;
using steward::task;
using steward::use_task;
using local_socket = boost::asio::local::stream_protocol::socket;

/// Two connected sockets, of which a test reads one.
struct socket_pair {
  template <class Executor>
  explicit socket_pair(const Executor& executor) : near(executor), far(executor) {
    boost::asio::local::connect_pair(near, far);
  }
  local_socket near;
  local_socket far;
};

task<std::string> talk(context& ctx, tcp::acceptor& acceptor, tcp::socket& client) {
  tcp::socket server(acceptor.get_executor());
  std::array<char, 16> bytes;
  co_await or_return(co_await client.async_connect(acceptor.local_endpoint(), use_task));
  co_await or_return(co_await acceptor.async_accept(server, use_task(ctx)));
  co_await or_return(co_await async_write(client, buffer("hello", 5), use_task));
  const std::size_t count = co_await or_return(co_await server.async_read_some(buffer(bytes), use_task.ignoring_stop()));
  co_return std::string(bytes.data(), count);
}

TEST(UseTask, AwaitsTheOperationsOfLoopbackSockets) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
  tcp::socket client(io);
  const auto said = run_on(io, on, [&](context& ctx) { return talk(ctx, acceptor, client); });
  ASSERT_TRUE(said) << said.error().to_string();
  EXPECT_EQ(*said, "hello");
}

TEST(UseTask, AnErrorKeepsItsCode) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  socket_pair pair(io.get_executor());
  pair.far.close();
  const auto got = run_on(io, on, [&](context& ctx) -> task<std::size_t> {
    return [](context&, local_socket& socket) -> task<std::size_t> {
      std::array<char, 4> bytes;
      co_return co_await socket.async_read_some(buffer(bytes), use_task);
    }(ctx, pair.near);
  });
  ASSERT_FALSE(got);
  EXPECT_TRUE(got.error().is(make_error_code(boost::asio::error::eof)));
}

task<std::size_t> read_all(context&, local_socket& socket, std::span<char> into) {
  co_return co_await async_read(socket, buffer(into.data(), into.size()), use_task);
}

TEST(UseTask, AStopBeforeTheOperationBeginsNothing) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  socket_pair pair(io.get_executor());
  write(pair.far, buffer("abcd", 4));
  const auto got = run_on(io, on, [&](context& ctx) {
    ctx.stop(stop_reason::superseded);
    std::array<char, 4> bytes;
    return read_all(ctx, pair.near, bytes);
  });
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), errc::stopped);
  EXPECT_EQ(got.error().reason(), stop_reason::superseded);
  EXPECT_EQ(pair.near.available(), 4U);
}

TEST(UseTask, AStopDuringTheOperationEndsItWithTheReason) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  socket_pair pair(io.get_executor());
  boost::asio::steady_timer soon(io, 1ms);
  const auto got = run_on(io, on, [&](context& ctx) {
    soon.async_wait([&ctx](auto) { ctx.stop(stop_reason::dependency_lost); });
    static std::array<char, 4> bytes;
    return read_all(ctx, pair.near, bytes);
  });
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().reason(), stop_reason::dependency_lost);
}

task<std::size_t> read_beside(context& ctx, local_socket& socket, std::array<char, 4>& into, steward::work& meanwhile) {
  ctx.scheduler().post(meanwhile);
  co_return co_await async_read(socket, buffer(into), use_task);
}

// The task runs on a run loop, and the test drives the io_context by hand, so the order of what happens is fixed.
result<std::size_t> completed_and_stopped(bool stop_first) {
  boost::asio::io_context io;
  socket_pair pair(io.get_executor());
  std::array<char, 4> bytes;
  context* running = nullptr;
  asio_test::item both([&] {
    if (stop_first) running->stop();
    write(pair.far, buffer("abcd", 4));
    io.poll();
    running->stop();
  });
  return steward::sync_wait([&](context& ctx) {
    running = &ctx;
    return read_beside(ctx, pair.near, bytes, both);
  });
}

TEST(UseTask, AnOperationThatCompletedInSpiteOfTheStopYieldsItsValues) {
  for (const bool stop_first : {false, true}) {
    const auto got = completed_and_stopped(stop_first);
    ASSERT_TRUE(got) << got.error().to_string();
    EXPECT_EQ(*got, 4U);
  }
}

TEST(UseTask, ADeadlineEndsTheOperation) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  socket_pair pair(io.get_executor());
  const auto got = run_on(io, on, [&](context& ctx) -> task<> {
    return [](context& outer, local_socket& socket) -> task<> {
      steward::deadline_context soon(outer, 2ms);
      auto ready = co_await socket.async_wait(local_socket::wait_read, use_task(soon));
      co_return ready;
    }(ctx, pair.near);
  });
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().reason(), stop_reason::deadline);
}

TEST(UseTask, IgnoringStopOutlivesAStop) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  const auto got = run_on(io, on, [&](context& ctx) -> task<> {
    ctx.stop();
    return [](boost::asio::io_context& where) -> task<> {
      boost::asio::steady_timer timer(where, 1ms);
      co_return co_await timer.async_wait(use_task.ignoring_stop());
    }(io);
  });
  EXPECT_TRUE(got);
}

class member_coroutine {
 public:
  explicit member_coroutine(local_socket& socket) : socket_(socket) {}
  task<> wait(int, context&, context&) { co_return co_await socket_.async_wait(local_socket::wait_read, use_task); }

 private:
  local_socket& socket_;
};

TEST(UseTask, StopsWithTheFirstContextAmongTheParametersOfAMemberFunction) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  socket_pair pair(io.get_executor());
  member_coroutine object(pair.near);
  boost::asio::steady_timer soon(io, 1ms);
  steward::root_context other(on);
  const auto got = run_on(io, on, [&](context& ctx) -> task<> {
    other.stop();
    soon.async_wait([&ctx](auto) { ctx.stop(); });
    return object.wait(1, ctx, other);
  });
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), errc::stopped);
}

TEST(UseTask, ClosingTheObjectIsNoStop) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  socket_pair pair(io.get_executor());
  boost::asio::steady_timer soon(io, 1ms);
  const auto got = run_on(io, on, [&](context& ctx) {
    soon.async_wait([&pair](auto) { pair.near.close(); });
    static std::array<char, 4> bytes;
    return read_all(ctx, pair.near, bytes);
  });
  ASSERT_FALSE(got);
  EXPECT_TRUE(got.error().is(make_error_code(boost::asio::error::operation_aborted))) << got.error().to_string();
  EXPECT_FALSE(got.error().is_stop());
}

TEST(UseTask, PipesAndThreadsOfTheirOwn) {
  running_io other;
  boost::asio::readable_pipe out(other.io);
  boost::asio::writable_pipe in(other.io);
  boost::asio::connect_pipe(out, in);
  // The task runs here, on a run loop; the pipe's handlers run on the other thread.
  const auto resumed_here = steward::sync_wait([&](context& ctx) -> task<bool> {
    return [](context&, boost::asio::readable_pipe& from, boost::asio::writable_pipe& to) -> task<bool> {
      const auto here = std::this_thread::get_id();
      std::array<char, 8> bytes;
      bool always = true;
      for (int i = 0; i < 100; ++i) {
        co_await or_return(co_await async_write(to, buffer("12345678", 8), use_task));
        always = always && std::this_thread::get_id() == here;
        co_await or_return(co_await async_read(from, buffer(bytes), use_task));
        always = always && std::this_thread::get_id() == here;
      }
      co_return always;
    }(ctx, out, in);
  });
  ASSERT_TRUE(resumed_here) << resumed_here.error().to_string();
  EXPECT_TRUE(*resumed_here);
}

template <class Token>
auto async_numbers(boost::asio::io_context& io, Token&& token) {
  return boost::asio::async_initiate<Token, void(int, std::string)>(
      [&io](auto handler) { boost::asio::post(io, [held = std::move(handler)]() mutable { std::move(held)(7, std::string("seven")); }); }, token);
}

TEST(UseTask, SeveralValuesAreATuple) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  const auto got = run_on(io, on, [&](context& ctx) -> task<std::tuple<int, std::string>> {
    return [](context&, boost::asio::io_context& where) -> task<std::tuple<int, std::string>> { co_return co_await async_numbers(where, use_task); }(
                                                            ctx, io);
  });
  ASSERT_TRUE(got);
  EXPECT_EQ(std::get<0>(*got), 7);
  EXPECT_EQ(std::get<1>(*got), "seven");
}

template <class Token>
auto async_throws(Token&& token) {
  return boost::asio::async_initiate<Token, void(std::exception_ptr, int)>(
      [](auto handler) { std::move(handler)(std::make_exception_ptr(std::runtime_error("broken")), 0); }, token);
}

TEST(UseTask, AnExceptionOfTheOperationIsAnError) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  const auto got =
      run_on(io, on, [](context& ctx) -> task<int> { return [](context&) -> task<int> { co_return co_await async_throws(use_task); }(ctx); });
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), errc::exception);
}

template <class Token>
auto async_dropped(Token&& token, bool by_throw) {
  return boost::asio::async_initiate<Token, void(boost::system::error_code)>(
      [by_throw](auto) {
        if (by_throw) throw std::runtime_error("cannot begin");
      },
      token);
}

task<> await_dropped(context&, bool by_throw) { co_return co_await async_dropped(use_task, by_throw); }

TEST(UseTask, AHandlerThatIsDroppedEndsTheWait) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  const auto dropped = run_on(io, on, [](context& ctx) { return await_dropped(ctx, false); });
  ASSERT_FALSE(dropped);
  EXPECT_EQ(dropped.error().code(), std::errc::operation_canceled);
  const auto thrown = run_on(io, on, [](context& ctx) { return await_dropped(ctx, true); });
  ASSERT_FALSE(thrown);
  EXPECT_EQ(thrown.error().code(), errc::exception);
}

task<> post_to(context& ctx, boost::asio::io_context& io, steward::work& meanwhile) {
  ctx.scheduler().post(meanwhile);
  co_return co_await boost::asio::post(io, use_task);
}

TEST(UseTask, AnIoContextThatGoesFirstEndsTheWait) {
  auto io = std::make_unique<boost::asio::io_context>();
  asio_test::item destroy([&io] { io.reset(); });
  const auto waited = steward::sync_wait([&](context& ctx) { return post_to(ctx, *io, destroy); });
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code(), std::errc::operation_canceled);
}

TEST(UseTask, AnOperationMayCompleteWhileItIsInitiated) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  const auto got = run_on(io, on, [&](context& ctx) -> task<> {
    return [](context&, boost::asio::io_context& where) -> task<> {
      for (int i = 0; i < 1000; ++i) co_await or_return(co_await dispatch(where.get_executor(), use_task));
      co_return {};
    }(ctx, io);
  });
  EXPECT_TRUE(got);
}

TEST(UseTask, AnOperationMayBeMadeFirstAndAwaitedLater) {
  boost::asio::io_context io;
  asio_scheduler on(io);
  const auto got = run_on(io, on, [&](context& ctx) -> task<> {
    return [](context&, boost::asio::io_context& where) -> task<> {
      boost::asio::steady_timer timer(where, 1ms);
      auto wait = timer.async_wait(use_task);
      auto moved = std::move(wait);
      co_return co_await moved;
    }(ctx, io);
  });
  EXPECT_TRUE(got);
}

}  // namespace
