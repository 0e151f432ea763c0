// SPDX-License-Identifier: Apache-2.0
#include "connection.hpp"

#include "answer_time.hpp"
#include "chunked_answer.hpp"
#include "control.hpp"
#include "log_reader.hpp"
#include "steward/asio/use_task.hpp"
#include "steward/deadline_context.hpp"
#include "steward/root_context.hpp"
#include "steward/wait.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <utility>

namespace steward {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using socket_type = asio::local::stream_protocol::socket;
using request_type = http::request<http::string_body>;

constexpr std::chrono::seconds idle_connection(60);
constexpr std::chrono::seconds unwelcome_connection(1);  // for its one request: it takes a place from others

constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

/// What to say to a request that could not be read; nothing where nobody asked, or nobody is there to hear it.
std::optional<reply> refusal_of_unreadable(const error& why) {
  const auto is = [&](http::error code) { return why.is(error_code(code)); };
  if (is(http::error::end_of_stream)) return std::nullopt;
  if (is(http::error::body_limit))
    return refusal(413, fmt::format("the body is larger than {} MiB; send it in parts: an apply never removes units", largest_body >> 20U));
  if (is(http::error::header_limit) || is(http::error::buffer_overflow)) return refusal(431, "the head of the request is too large");
  if (is(http::error::partial_message)) return refusal(400, "the request ends before it is whole");
  const std::error_code protocol = error_code(http::error::bad_version);
  if (why.code().category() != protocol.category()) return std::nullopt;
  return refusal(400, fmt::format("not an HTTP/1.1 request: {}; docs/http_api.md shows some", why.to_string()));
}

/// What to say to a request whose body nobody could read: where it ends cannot be told, so that nothing behind it may be taken for the next request.
std::optional<reply> refusal_of_coding(const request_type& head) {
  const auto [first, last] = head.equal_range(http::field::transfer_encoding);
  if (first == last || (std::next(first) == last && boost::beast::iequals(first->value(), "chunked"))) return std::nullopt;
  return refusal(501, "the body has a Transfer-Encoding other than chunked; send it with a Content-Length");
}

/// Whether a client holds its body back until it is told that it is welcome, as curl does with a large one.
bool waits_for_a_word(const request_type& head) { return head.version() > 10 && boost::beast::iequals(head[http::field::expect], "100-continue"); }

/// Reads requests and sends answers.
class connection {
 public:
  connection(socket_type socket, const connection_surroundings& around, welcome granted)
      : socket_(std::move(socket)), around_(around), granted_(granted) {}

  task<> serve(context& ctx) {
    while (!ctx.is_stopped()) {
      form_ = {};
      http::request_parser<http::string_body> parser;
      parser.body_limit(largest_body);
      deadline_context idle(ctx, granted_ == welcome::full ? idle_connection : unwelcome_connection);
      auto read = co_await http::async_read_header(socket_, buffer_, parser, use_task(idle));
      form_.version = parser.get().version();
      form_.head_only = parser.get().method() == http::verb::head;
      auto refused = read ? refusal_of_coding(parser.get()) : std::nullopt;
      const auto word = asio::buffer(go_on);
      if (read && !refused && waits_for_a_word(parser.get())) read = co_await asio::async_write(socket_, word, use_task(idle));
      if (read && !refused && !parser.is_done()) read = co_await http::async_read(socket_, buffer_, parser, use_task(idle));
      if (!read) refused = refusal_of_unreadable(read.error());
      if (refused) (void)co_await send(ctx, std::move(*refused));
      if (!read || refused) break;
      request_type request = parser.release();
      form_.keep_alive = request.keep_alive() && granted_ == welcome::full;
      auto sent = co_await take(ctx, request);
      if (!sent || !form_.keep_alive) break;
    }
    error_code ignored;
    socket_.shutdown(socket_type::shutdown_both, ignored);
    co_return {};
  }

 private:
  task<> take(context& ctx, request_type& request) {
    if (granted_ == welcome::refused)
      co_return co_await refuse(ctx, 503, "too many connections at a time; end some, such as those of steward logs -f");
    auto understood = parse_request(std::string_view(request.method_string()), std::string_view(request.target()));
    if (!understood) {
      reply refused = refusal(understood.error().status, understood.error().text);
      refused.allow = std::move(understood.error().allow);
      co_return co_await send(ctx, std::move(refused));
    }
    if (understood->call != api_call::version) {
      if (auto known = co_await around_.daemon.first_look(ctx); !known) {
        reply not_yet = reply_of(known.error());
        co_return co_await send(ctx, std::move(not_yet));
      }
    }
    if (understood->call == api_call::logs || understood->call == api_call::events) co_return co_await send_text(ctx, *understood);
    auto answered = co_await answer(ctx, around_.daemon, std::move(*understood), std::move(request.body()));
    reply whole = answered ? std::move(*answered) : reply_of(answered.error());
    co_return co_await send(ctx, std::move(whole));
  }

  task<> refuse(context& ctx, unsigned status, std::string_view text) {
    reply refused = refusal(status, text);
    co_return co_await send(ctx, std::move(refused));
  }

  task<> send(context& ctx, reply what) {
    http::response<http::string_body> response(static_cast<http::status>(what.status), form_.version);
    response.set(http::field::content_type, "application/json");
    if (!what.allow.empty()) response.set(http::field::allow, what.allow);
    response.keep_alive(form_.keep_alive);
    response.body() = std::move(what.body);
    response.prepare_payload();
    if (form_.head_only) response.body().clear();  // its length is told all the same
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

  task<> send_text(context& ctx, const api_request& request) {
    const auto place = request.follow && granted_ == welcome::full ? around_.followers.take() : std::nullopt;
    if (request.follow && !place) co_return co_await refuse_follower(ctx);
    if (request.call == api_call::logs) co_return co_await send_log(ctx, request);
    co_return co_await send_events(ctx, request);
  }

  task<> send_log(context& ctx, const api_request& request) {
    if (!around_.daemon.status(request.key)) {
      reply unknown = reply_of(no_unit(request.key));
      co_return co_await send(ctx, std::move(unknown));
    }
    log_reader log(around_.daemon.log_of(request.key));
    auto tail = log.tail(request.lines);
    if (!tail) {
      reply unreadable = reply_of(tail.error());
      co_return co_await send(ctx, std::move(unreadable));
    }
    bool first = true;
    chunked_answer::source more = [&] {
      if (std::exchange(first, false) && !tail->empty()) return result<std::string>(std::exchange(*tail, {}));
      return request.follow ? log.more() : result<std::string>(std::string());
    };
    chunked_answer text(socket_, std::move(more), request.follow);
    co_return co_await text.send(ctx, "text/plain; charset=utf-8", form_);
  }

  task<> send_events(context& ctx, const api_request& request) {
    const event_history& history = around_.daemon.events();
    for (const std::string& key : request.keys) {
      if (around_.daemon.status(key) || history.knows(key)) continue;
      reply unknown = reply_of(no_unit(key));
      co_return co_await send(ctx, std::move(unknown));
    }
    event_reader events(history, request.keys, request.follow);
    chunked_answer::source more = [&events] { return result<std::string>(events.more()); };
    chunked_answer text(socket_, std::move(more), request.follow);
    co_return co_await text.send(ctx, "application/x-ndjson", form_);
  }

  task<> refuse_follower(context& ctx) {
    if (granted_ == welcome::once)
      co_return co_await refuse(ctx, 503, "the daemon is short of descriptors, and following takes one for long; raise its limit (ulimit -n)");
    const std::string text = fmt::format(
        "{} connections follow logs or events already, and no more may, so that others are answered; end some of them", around_.followers.most());
    if (around_.followers.is_news()) around_.warn(text);
    co_return co_await refuse(ctx, 503, text);
  }

  socket_type socket_;
  const connection_surroundings& around_;
  welcome granted_;
  boost::beast::flat_buffer buffer_;
  answer_form form_;
};

}  // namespace

task<> serve_connection(context& ctx, socket_type socket, const connection_surroundings& around, welcome granted) {
  connection one(std::move(socket), around, granted);
  co_return co_await one.serve(ctx);
}

}  // namespace steward
