// SPDX-License-Identifier: Apache-2.0
#include "steward/program/readiness.hpp"

#include "steward/asio/use_task.hpp"
#include "steward/deadline_context.hpp"
#include "steward/wait.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <memory>

namespace steward {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr std::chrono::nanoseconds first_pause = std::chrono::milliseconds(100);
constexpr std::chrono::nanoseconds longest_pause = std::chrono::seconds(1);
constexpr std::chrono::nanoseconds patience = std::chrono::seconds(2);

/// A look-up of a name. The system's cannot be stopped: one that nobody waits for any more goes on alone, and its result is dropped.
struct look_up {
  explicit look_up(asio::io_context& io) : resolver(io) {}

  tcp::resolver resolver;
  boost::system::error_code failure;
  tcp::resolver::results_type found;
  context* waiting = nullptr;
};

std::string address_text(const std::string& host, std::uint16_t port) {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string text_of(const ready_by_tcp& how) { return "tcp " + address_text(how.host, how.port); }
std::string text_of(const ready_by_http& how) { return "http://" + address_text(how.host, how.port) + how.target; }

bool is_unknown_host(const error& why) {
  const auto is = [&why](asio::error::netdb_errors code) { return why.is(boost::system::error_code(code)); };
  return is(asio::error::host_not_found) || is(asio::error::host_not_found_try_again);
}

/// Why an attempt failed, to be read on after what was probed.
std::string reason_text(const error& why) {
  std::string text = why.to_string();
  if (why.is(errc::failed)) return " " + text;  // in words of our own
  if (why.is_stop()) return ": no answer";      // within its time
  if (is_unknown_host(why)) return ": host not found";
  if (!text.empty() && text.front() >= 'A' && text.front() <= 'Z') text.front() = static_cast<char>(text.front() - 'A' + 'a');
  return ": " + text;
}

task<tcp::resolver::results_type> resolve(context& ctx, asio::io_context& io, const std::string& host, std::uint16_t port) {
  boost::system::error_code is_name;
  const auto address = asio::ip::make_address(host, is_name);
  if (!is_name) co_return tcp::resolver::results_type::create(tcp::endpoint(address, port), host, std::to_string(port));
  const auto shared = std::make_shared<look_up>(io);
  context waiting(ctx);
  shared->waiting = &waiting;
  auto take = [shared](const boost::system::error_code& failure, tcp::resolver::results_type found) {
    shared->failure = failure;
    shared->found = std::move(found);
    if (shared->waiting != nullptr) shared->waiting->stop();
  };
  shared->resolver.async_resolve(host, std::to_string(port), tcp::resolver::numeric_service, std::move(take));
  co_await waiting.stopped();
  shared->waiting = nullptr;
  if (auto why = ctx.stop_error()) co_return std::move(*why);
  if (shared->failure) co_return error(shared->failure);
  co_return shared->found;
}

task<> connect(context& ctx, asio::io_context& io, tcp::socket& socket, const std::string& host, std::uint16_t port) {
  auto found = co_await or_return(resolve(ctx, io, host, port));
  co_await or_return(co_await asio::async_connect(socket, found, use_task));
  co_return {};
}

task<> ask(context& ctx, asio::io_context& io, const ready_by_tcp& how) {
  tcp::socket socket(io);
  co_return co_await connect(ctx, io, socket, how.host, how.port);
}

// The final answer is still to come. Behind 101 no HTTP comes any more.
bool is_interim(unsigned status) { return status >= 100 && status < 200 && status != 101; }

task<> ask(context& ctx, asio::io_context& io, const ready_by_http& how) {
  tcp::socket socket(io);
  co_await or_return(connect(ctx, io, socket, how.host, how.port));
  http::request<http::empty_body> request(http::verb::get, how.target, 11);
  request.set(http::field::host, address_text(how.host, how.port));
  request.set(http::field::user_agent, "steward");
  request.set(http::field::connection, "close");
  co_await or_return(co_await http::async_write(socket, request, use_task));
  boost::beast::flat_buffer buffer;
  for (;;) {
    http::response_parser<http::empty_body> parser;
    co_await or_return(co_await http::async_read_header(socket, buffer, parser, use_task));
    const unsigned status = parser.get().result_int();
    if (is_interim(status)) continue;
    if (status < 200 || status >= 400) co_return error("answered " + std::to_string(status));
    co_return {};
  }
}

template <class How>
task<> keep_asking(context& ctx, asio::io_context& io, const How& how, const failed_probe& told) {
  for (std::chrono::nanoseconds pause = first_pause;; pause = std::min(pause * 3 / 2, longest_pause)) {
    {
      deadline_context one(ctx, patience);
      auto answered = co_await ask(one, io, how);
      if (answered) co_return {};
      if (!ctx.is_stopped() && told) told(text_of(how) + reason_text(answered.error()));
    }
    auto paused = co_await ctx.sleep_for(pause);
    if (!paused) co_return paused;
  }
}

task<> wait_for(context&, asio::io_context&, const ready_at_once&, const failed_probe&) { co_return {}; }
task<> wait_for(context& ctx, asio::io_context&, const ready_after& how, const failed_probe&) { co_return co_await ctx.sleep_for(how.delay); }
task<> wait_for(context& ctx, asio::io_context& io, const ready_by_tcp& how, const failed_probe& told) { return keep_asking(ctx, io, how, told); }
task<> wait_for(context& ctx, asio::io_context& io, const ready_by_http& how, const failed_probe& told) { return keep_asking(ctx, io, how, told); }

}  // namespace

task<> wait_until_ready(context& ctx, asio::io_context& io, readiness how, failed_probe told) {
  auto waiting = std::visit([&](const auto& each) { return wait_for(ctx, io, each, told); }, how);
  co_return co_await std::move(waiting);
}

}  // namespace steward
