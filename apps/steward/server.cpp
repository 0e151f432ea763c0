// SPDX-License-Identifier: Apache-2.0
#include "server.hpp"

#include "json_text.hpp"
#include "listen.hpp"
#include "log_reader.hpp"
#include "status_json.hpp"
#include "steward/asio/use_task.hpp"
#include "steward/deadline_context.hpp"
#include "steward/leaf.hpp"
#include "steward/root_context.hpp"
#include "steward/task_scope.hpp"
#include "steward/wait.hpp"
#include "unit_json.hpp"
#include "unit_rules.hpp"

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace steward {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using socket_type = asio::local::stream_protocol::socket;
using request_type = http::request<http::string_body>;

constexpr std::chrono::seconds idle_connection(60);
constexpr std::chrono::milliseconds between_log_reads(100);
constexpr std::size_t most_connections = 256;
constexpr std::chrono::seconds unread_answer(60);  // of which the other end takes nothing
constexpr std::chrono::seconds last_answer(1);     // when the daemon ends

/// An answer, before it becomes HTTP.
struct reply {
  unsigned status = 200;
  std::string body;
};

reply reply_of(const boost::json::value& body) { return {.status = 200, .body = boost::json::serialize(body) + "\n"}; }

// The table is locked, gone, full or damaged, or the daemon ends: the same request may succeed later.
bool is_for_now(const error& failure) {
  constexpr std::array<std::errc, 6> troubles{std::errc::device_or_resource_busy, std::errc::no_such_file_or_directory, std::errc::no_space_on_device,
                                              std::errc::read_only_file_system,   std::errc::permission_denied,         std::errc::io_error};
  constexpr std::array<errc, 3> not_usable{errc::unreadable, errc::resource_not_ready, errc::manager_not_running};
  const auto is = [&](auto code) { return failure.is(make_error_code(code)); };
  return failure.is_stop() || std::ranges::any_of(troubles, is) || std::ranges::any_of(not_usable, is);
}

unsigned status_of(const error& failure) {
  if (failure.is(errc::not_found)) return 404;
  if (failure.is(std::make_error_code(std::errc::invalid_argument))) return 422;
  return is_for_now(failure) ? 503 : 500;
}

// One problem a line, as the client shows them.
std::string text_of(const error& failure) {
  std::string text = failure.to_tree();
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

reply reply_of(const error& failure) { return {.status = status_of(failure), .body = error_body(text_of(failure))}; }

template <class Answer>
reply reply_of(const result<Answer>& answer) {
  return answer ? reply_of(answer_to_json(*answer)) : reply_of(answer.error());
}

version_answer version_now() {
  return {.version = std::string(steward_version()), .api = api_version, .pid = ::getpid(), .search_path = own_search_path()};
}

task<reply> answer_apply(context& ctx, control& daemon, std::string body) {
  auto units = units_from_body(body);
  if (!units) co_return reply{.status = 400, .body = error_body(text_of(units.error()))};
  co_return reply_of(co_await daemon.apply(ctx, std::move(*units)));
}

task<reply> answer(context& ctx, control& daemon, api_request request, std::string body) {
  switch (request.call) {
    case api_call::version:
      co_return reply_of(answer_to_json(version_now()));
    case api_call::status:
      co_return reply_of(status_to_json(daemon.status()));
    case api_call::unit_status: {
      const auto known = daemon.status(request.key);
      co_return known ? reply_of(status_to_json(*known)) : reply_of(no_unit(request.key));
    }
    case api_call::apply:
      co_return co_await answer_apply(ctx, daemon, std::move(body));
    case api_call::start:
      co_return reply_of(co_await daemon.start(ctx, std::move(request.key)));
    case api_call::stop:
      co_return reply_of(co_await daemon.stop(ctx, std::move(request.key)));
    case api_call::restart:
      co_return reply_of(co_await daemon.restart(ctx, std::move(request.key)));
    case api_call::remove:
      co_return reply_of(co_await daemon.remove(ctx, std::move(request.key)));
    case api_call::logs:
      break;
  }
  co_return reply{.status = 500, .body = error_body("logs are sent as text")};
}

/// One connection: requests one after the other, until the other end closes, breaks the protocol or says nothing for too long.
class connection {
 public:
  connection(socket_type socket, control& daemon) : socket_(std::move(socket)), daemon_(daemon) {}

  task<> serve(context& ctx) {
    bool go_on = true;
    while (go_on && !ctx.is_stopped()) {
      http::request_parser<http::string_body> parser;
      parser.body_limit(largest_body);
      deadline_context idle(ctx, idle_connection);
      auto read = co_await http::async_read(socket_, buffer_, parser, use_task(idle));
      if (!read) {
        if (read.error().is(boost::system::error_code(http::error::body_limit))) {
          reply refused{.status = 413, .body = error_body("the body is too large")};
          (void)co_await send(ctx, std::move(refused));
        }
        break;
      }
      request_type request = parser.release();
      go_on = request.keep_alive();
      auto sent = co_await take(ctx, request);
      if (!sent) break;
    }
    boost::system::error_code ignored;
    socket_.shutdown(socket_type::shutdown_both, ignored);
    co_return {};
  }

 private:
  task<> take(context& ctx, request_type& request) {
    keep_alive_ = request.keep_alive();
    auto understood = parse_request(std::string_view(request.method_string()), std::string_view(request.target()));
    if (!understood) {
      reply refused{.status = understood.error().status, .body = error_body(understood.error().text)};
      co_return co_await send(ctx, std::move(refused));
    }
    if (understood->call == api_call::logs) co_return co_await send_log(ctx, *understood);
    auto answered = co_await answer(ctx, daemon_, std::move(*understood), std::move(request.body()));
    reply whole = answered ? std::move(*answered) : reply_of(answered.error());
    co_return co_await send(ctx, std::move(whole));
  }

  task<> send(context& ctx, reply what) {
    http::response<http::string_body> response(static_cast<http::status>(what.status), 11);
    response.set(http::field::content_type, "application/json");
    response.keep_alive(keep_alive_);
    response.body() = std::move(what.body);
    response.prepare_payload();
    http::response_serializer<http::string_body> serializer(response);
    auto sent = co_await write_piecewise(ctx, serializer);
    if (sent || !ctx.is_stopped()) co_return sent;
    // Whoever asked for the stop waits for this answer. What is cancelled between two pieces can go on; but who does not read holds up nobody.
    root_context end(ctx.scheduler());
    deadline_context last(end, last_answer);
    co_return co_await write_piecewise(last, serializer);
  }

  // Slow readers have all the time they need, as long as they read.
  task<> write_piecewise(context& ctx, http::response_serializer<http::string_body>& serializer) {
    while (!serializer.is_done()) {
      deadline_context patience(ctx, unread_answer);
      co_await or_return(co_await http::async_write_some(socket_, serializer, use_task(patience)));
    }
    co_return {};
  }

  task<> send_log(context& ctx, const api_request& request) {
    if (!daemon_.status(request.key)) co_return co_await send(ctx, reply_of(no_unit(request.key)));
    log_reader log(daemon_.log_of(request.key));
    auto text = log.tail(request.lines);
    if (!text) co_return co_await send(ctx, reply_of(text.error()));
    http::response<http::empty_body> head(http::status::ok, 11);
    head.set(http::field::content_type, "text/plain; charset=utf-8");
    head.keep_alive(keep_alive_);
    head.chunked(true);
    http::response_serializer<http::empty_body> serializer(head);
    co_await or_return(co_await http::async_write_header(socket_, serializer, use_task));
    while (true) {
      if (!text->empty()) {
        const std::string chunk = fmt::format("{:x}\r\n{}\r\n", text->size(), *text);
        co_await or_return(co_await asio::async_write(socket_, asio::buffer(chunk), use_task));
      } else if (!request.follow || gone()) {
        break;
      } else {
        auto slept = co_await ctx.sleep_for(between_log_reads);
        if (!slept) co_return slept;
      }
      if (!request.follow && !text->empty()) break;
      text = log.more();
      if (!text) co_return std::move(text.error());
    }
    co_await or_return(co_await asio::async_write(socket_, asio::buffer(std::string_view("0\r\n\r\n")), use_task));
    co_return {};
  }

  // Whether the other end has closed: one that follows a log says nothing more.
  [[nodiscard]] bool gone() {
    char byte = 0;
    const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
  }

  socket_type socket_;
  control& daemon_;
  boost::beast::flat_buffer buffer_;
  bool keep_alive_ = false;
};

task<> serve(context& ctx, socket_type socket, control& daemon) {
  connection one(std::move(socket), daemon);
  co_return co_await one.serve(ctx);
}

}  // namespace

task<> api_server::run(context& ctx, callback ready) {
  auto listening = listen_at(io_, socket_);
  if (!listening) co_return std::move(listening.error());
  struct stat made{};
  const bool known = ::lstat(socket_.c_str(), &made) == 0;
  const auto accept = leaf([&](context& inside) -> task<> {
    co_await or_return(opened_.wait(inside));
    task_scope connections(inside.scheduler());
    result<> outcome;
    while (outcome) {
      auto accepted = co_await listening->acceptor.async_accept(use_task);
      if (accepted && connections.size() < most_connections)
        connections.start(serve(inside, std::move(*accepted), daemon_));
      else if (!accepted && inside.is_stopped())
        outcome = fail(std::move(accepted.error()));
      else if (!accepted)
        outcome = co_await inside.sleep_for(between_log_reads);  // out of descriptors: others will close theirs
    }
    (void)co_await connections.join();
    co_return outcome;
  });
  auto outcome = co_await accept.run(ctx, ready);
  struct stat present{};
  if (known && ::lstat(socket_.c_str(), &present) == 0 && present.st_ino == made.st_ino) ::unlink(socket_.c_str());
  co_return outcome;
}

}  // namespace steward
