// SPDX-License-Identifier: Apache-2.0
#include "chunked_answer.hpp"

#include "answer_time.hpp"
#include "steward/asio/use_task.hpp"
#include "steward/deadline_context.hpp"
#include "steward/root_context.hpp"
#include "steward/wait.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>
#include <poll.h>

#include <chrono>
#include <sstream>
#include <utility>

namespace steward {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr std::chrono::milliseconds between_looks(100);

std::string head(std::string_view content_type, const answer_form& form, bool chunks) {
  http::response<http::empty_body> head(http::status::ok, form.version);
  head.set(http::field::content_type, content_type);
  head.keep_alive(form.keep_alive);
  head.chunked(chunks);
  std::ostringstream text;
  text << head.base();
  return std::move(text).str();
}

}  // namespace

task<> chunked_answer::send(context& ctx, std::string_view content_type, answer_form& form) {
  chunks_ = form.version >= 11;
  form.keep_alive = form.keep_alive && chunks_;
  unsent_ = head(content_type, form, chunks_);
  auto sent = co_await pump(ctx);
  if (sent || !ctx.is_stopped()) co_return sent;
  // What is cancelled between two pieces can go on; but who does not read holds up nobody.
  follow_ = false;
  root_context end(ctx.scheduler());
  deadline_context last(end, last_answer);
  co_return co_await pump(last);
}

task<> chunked_answer::pump(context& ctx) {
  while (true) {
    co_await or_return(write(ctx));
    if (ended_) co_return {};
    auto text = more_();
    if (!text) co_return std::move(text.error());
    if (!text->empty()) {
      unsent_ = chunks_ ? fmt::format("{:x}\r\n{}\r\n", text->size(), *text) : std::move(*text);
    } else if (!follow_ || gone()) {
      if (chunks_) unsent_ = "0\r\n\r\n";
      ended_ = true;
    } else {
      co_await or_return(co_await ctx.sleep_for(between_looks));
    }
  }
}

task<> chunked_answer::write(context& ctx) {
  for (std::size_t written = 0; !unsent_.empty(); unsent_.erase(0, written)) {
    deadline_context patience(ctx, unread_answer);
    auto some = co_await socket_.async_write_some(asio::buffer(unsent_), use_task(patience));
    if (!some) co_return std::move(some.error());
    written = *some;
  }
  co_return {};
}

// Whether the other end has closed, also when there is something of it that nobody has read.
bool chunked_answer::gone() {
  pollfd end{.fd = socket_.native_handle(), .events = POLLRDHUP, .revents = 0};
  return ::poll(&end, 1, 0) > 0;
}

}  // namespace steward
