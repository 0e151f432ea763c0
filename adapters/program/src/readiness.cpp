// SPDX-License-Identifier: Apache-2.0
#include "steward/program/readiness.hpp"

#include "steward/asio/use_task.hpp"
#include "steward/deadline_context.hpp"
#include "steward/wait.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>

namespace steward {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr std::chrono::nanoseconds first_pause = std::chrono::milliseconds(100);
constexpr std::chrono::nanoseconds longest_pause = std::chrono::seconds(1);
constexpr std::chrono::nanoseconds patience = std::chrono::seconds(2);

task<> connect([[maybe_unused]] context& ctx, tcp::socket& socket, const std::string& host, std::uint16_t port) {
  tcp::resolver resolver(socket.get_executor());
  auto found = co_await or_return(co_await resolver.async_resolve(host, std::to_string(port), tcp::resolver::numeric_service, use_task));
  co_await or_return(co_await asio::async_connect(socket, found, use_task));
  co_return {};
}

task<> ask(context& ctx, asio::io_context& io, const ready_by_tcp& how) {
  tcp::socket socket(io);
  co_return co_await connect(ctx, socket, how.host, how.port);
}

task<> ask(context& ctx, asio::io_context& io, const ready_by_http& how) {
  tcp::socket socket(io);
  co_await or_return(connect(ctx, socket, how.host, how.port));
  http::request<http::empty_body> request(http::verb::get, how.target, 11);
  const bool is_v6 = how.host.find(':') != std::string::npos;
  request.set(http::field::host, (is_v6 ? "[" + how.host + "]" : how.host) + ":" + std::to_string(how.port));
  request.set(http::field::user_agent, "steward");
  request.set(http::field::connection, "close");
  co_await or_return(co_await http::async_write(socket, request, use_task));
  boost::beast::flat_buffer buffer;
  http::response_parser<http::empty_body> parser;
  co_await or_return(co_await http::async_read_header(socket, buffer, parser, use_task));
  const unsigned status = parser.get().result_int();
  if (status < 200 || status >= 400) co_return error("answered with HTTP status " + std::to_string(status));
  co_return {};
}

template <class How>
task<> keep_asking(context& ctx, asio::io_context& io, const How& how) {
  for (std::chrono::nanoseconds pause = first_pause;; pause = std::min(pause * 3 / 2, longest_pause)) {
    {
      deadline_context one(ctx, patience);
      auto answered = co_await ask(one, io, how);
      if (answered) co_return {};
    }
    auto paused = co_await ctx.sleep_for(pause);
    if (!paused) co_return paused;
  }
}

task<> wait_for(context&, asio::io_context&, const ready_at_once&) { co_return {}; }
task<> wait_for(context& ctx, asio::io_context&, const ready_after& how) { co_return co_await ctx.sleep_for(how.delay); }
task<> wait_for(context& ctx, asio::io_context& io, const ready_by_tcp& how) { return keep_asking(ctx, io, how); }
task<> wait_for(context& ctx, asio::io_context& io, const ready_by_http& how) { return keep_asking(ctx, io, how); }

}  // namespace

task<> wait_until_ready(context& ctx, asio::io_context& io, readiness how) {
  auto waiting = std::visit([&](const auto& each) { return wait_for(ctx, io, each); }, how);
  co_return co_await std::move(waiting);
}

}  // namespace steward
