// SPDX-License-Identifier: Apache-2.0
#include "client.hpp"

#include "duration_text.hpp"
#include "explain_json.hpp"
#include "json_text.hpp"
#include "status_json.hpp"
#include "text.hpp"
#include "unit_json.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/none.hpp>
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <optional>

namespace steward {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;
using boost::system::error_code;
using stream_protocol = asio::local::stream_protocol;

constexpr std::size_t chunk = 65536;

error no_daemon(const std::string& socket) {
  struct stat info{};
  if (::stat(socket.c_str(), &info) == 0 && !S_ISSOCK(info.st_mode))
    return error(fmt::format("{} is not a socket; --socket names another", printable(socket)));
  return error(fmt::format("no daemon at {} (start one with: steward run; --socket names that of another)", printable(socket)));
}

error connect_error(const std::string& socket, const error_code& why) {
  if (why == asio::error::connection_refused || why == boost::system::errc::no_such_file_or_directory || why == boost::system::errc::not_a_directory)
    return no_daemon(socket);
  if (why == boost::system::errc::permission_denied)
    return error(fmt::format("{}: permission denied; only the user who runs the daemon may talk to it", printable(socket)));
  return error(fmt::format("{}: {}", printable(socket), why.message()));
}

http::request<http::string_body> request_of(const api_request& request, std::string body) {
  http::request<http::string_body> out(http::string_to_verb(std::string(method_of(request))), target_of(request), 11);
  out.set(http::field::host, "localhost");
  out.set(http::field::user_agent, fmt::format("steward/{}", steward_version()));
  out.set(http::field::connection, "close");
  if (!body.empty()) out.set(http::field::content_type, "application/json");
  out.body() = std::move(body);
  out.prepare_payload();
  return out;
}

/// A connection for one request. Nothing on it waits longer than until a deadline: Asio does that only for what is asynchronous.
class exchange {
 public:
  exchange(const std::string& socket, std::chrono::nanoseconds patience) : name_(socket), patience_(patience), socket_(context_) { be_patient(); }

  /// From now on the whole patience again.
  void be_patient() { deadline_ = clock::now() + patience_; }

  /// What comes now may take any time.
  void wait_for_ever() { deadline_.reset(); }

  /// So may all that comes between two pieces, and the end of the daemon ends it in order.
  void follow() {
    wait_for_ever();
    followed_ = true;
  }

  result<void> send(const api_request& request, std::string body) {
    if (auto usable = check_socket_path(name_); !usable) return usable;
    const error_code refused = finish([&](auto done) { socket_.async_connect(stream_protocol::endpoint(name_), done); });
    if (refused) return fail(refused == asio::error::timed_out ? talk_error(refused) : connect_error(name_, refused));
    const auto message = request_of(request, std::move(body));
    const error_code failed = finish([&](auto done) { http::async_write(socket_, message, done); });
    // A server that refuses early closes its side before it has read everything; its answer says why.
    if (failed && failed != asio::error::broken_pipe && failed != asio::error::connection_reset) return fail(talk_error(failed));
    return {};
  }

  template <class Parser>
  result<void> read_header(Parser& parser) {
    const error_code failed = finish([&](auto done) { http::async_read_header(socket_, buffer_, parser, done); });
    if (failed) return fail(talk_error(failed));
    return {};
  }

  template <class Parser>
  result<void> read(Parser& parser) {
    const error_code failed = finish([&](auto done) { http::async_read(socket_, buffer_, parser, done); });
    if (failed) return fail(talk_error(failed));
    return {};
  }

  /// Reads the rest of a body in pieces.
  result<void> read_pieces(http::response_parser<http::buffer_body>& parser, const std::function<void(std::string_view)>& sink) {
    std::array<char, chunk> piece{};
    while (!parser.is_done()) {
      parser.get().body().data = piece.data();
      parser.get().body().size = piece.size();
      error_code failed = finish([&](auto done) { http::async_read_some(socket_, buffer_, parser, done); });
      if (failed == http::error::need_buffer) failed = {};
      const std::size_t used = piece.size() - parser.get().body().size;
      if (used > 0) sink({piece.data(), used});
      if (failed) return fail(talk_error(failed));
      if (deadline_) be_patient();
    }
    return {};
  }

 private:
  using clock = std::chrono::steady_clock;

  /// Begins an operation and waits until it is done. `timed_out` when that is not so in time; then the connection is of no more use.
  template <class Begin>
  error_code finish(Begin begin) {
    std::optional<error_code> outcome;
    begin([&](error_code what, std::size_t /*bytes*/ = 0) { outcome = what; });
    context_.restart();
    if (deadline_)
      context_.run_until(*deadline_);
    else
      context_.run();
    if (outcome) return *outcome;
    error_code ignored;
    (void)socket_.close(ignored);
    context_.run();  // what was begun refers to what is here
    return asio::error::timed_out;
  }

  [[nodiscard]] error talk_error(const error_code& why) const {
    if (why == http::error::end_of_stream || why == http::error::partial_message || why == asio::error::connection_reset ||
        why == asio::error::broken_pipe)
      return error(fmt::format("the daemon at {} went away {}", printable(name_),
                               followed_ ? "without having ended: it was killed, or has crashed, and its programs go on" : "before it had answered"));
    if (why == asio::error::timed_out)
      return error(
          fmt::format("the daemon at {} has not answered for {}: it is stopped (kill -CONT lets it go on) or hangs (kill -KILL ends it alone: its "
                      "programs go on, and the next daemon takes them over)",
                      printable(name_), duration_text(patience_)));
    if (why == asio::error::not_connected)
      return error(fmt::format("the daemon at {} takes no more connections now; too many wait for it already", printable(name_)));
    if (why.category() == error_code(http::error::bad_version).category())
      return error(fmt::format("what listens at {} is not a steward daemon: {}", printable(name_), why.message()));
    return error(fmt::format("{}: {}", printable(name_), why.message()));
  }

  const std::string& name_;
  std::chrono::nanoseconds patience_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  bool followed_ = false;
  asio::io_context context_{1};
  stream_protocol::socket socket_;
  boost::beast::flat_buffer buffer_;
};

error answered_error(const std::string& body, unsigned status) {
  const auto value = parse_json(body);
  const json::object* object = value ? value->if_object() : nullptr;
  const json::value* text = object != nullptr ? object->if_contains("error") : nullptr;
  if (text == nullptr || !text->is_string()) return error(fmt::format("the daemon answered with HTTP status {} and no reason", status));
  std::vector<error> lines;
  const std::string_view whole(text->get_string().data(), text->get_string().size());
  for (std::string_view rest = whole; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (!line.empty()) lines.emplace_back(printable(line));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  return lines.empty() ? error("failed") : error::join(lines);
}

}  // namespace

result<void> check_socket_path(std::string_view path) {
  if (path.empty()) return fail(error("the socket's path is empty; give one with --socket"));
  if (path.contains('\0')) return fail(error("the socket's path has a NUL byte"));
  if (path.size() > longest_socket_path)
    return fail(error(fmt::format("the socket's path {} has {} bytes, and a socket's path has at most {}; choose a shorter one with --socket",
                                  printable(path), path.size(), longest_socket_path)));
  return {};
}

result<json::value> api_client::ask(const api_request& request, std::string body) const {
  exchange talk(socket_, patience_);
  if (auto sent = talk.send(request, std::move(body)); !sent) return fail(sent.error());
  // These are answered when the program is gone, and how long that may take is the unit's affair.
  if (request.call == api_call::stop || request.call == api_call::remove) talk.wait_for_ever();
  http::response_parser<http::string_body> parser;
  parser.body_limit(boost::none);
  if (auto read = talk.read(parser); !read) return fail(read.error());
  const std::string& text = parser.get().body();
  if (const unsigned status = parser.get().result_int(); status >= 400) return fail(answered_error(text, status));
  auto value = parse_json(text);
  if (!value) return fail(error(fmt::format("the daemon's answer is {}", value.error().to_string())));
  return value;
}

result<version_answer> api_client::version() const {
  const auto answer = ask({.call = api_call::version, .key = {}});
  if (!answer) return fail(answer.error());
  return version_answer_from_json(*answer);
}

result<daemon_status> api_client::status() const {
  const auto answer = ask({.call = api_call::status, .key = {}});
  if (!answer) return fail(answer.error());
  return daemon_status_from_json(*answer);
}

result<unit_status> api_client::status_of(std::string key) const {
  const auto answer = ask({.call = api_call::unit_status, .key = std::move(key)});
  if (!answer) return fail(answer.error());
  return unit_status_from_json(*answer);
}

result<unit_explanation> api_client::explain(std::string key) const {
  const auto answer = ask({.call = api_call::explain, .key = std::move(key)});
  if (!answer) return fail(answer.error());
  return explanation_from_json(*answer);
}

result<std::vector<unit_straggler>> api_client::stragglers() const {
  const auto answer = ask({.call = api_call::stragglers, .key = {}});
  if (!answer) return fail(answer.error());
  return stragglers_from_json(*answer);
}

result<plan_answer> api_client::plan(const unit_map& units) const {
  const auto answer = ask({.call = api_call::plan, .key = {}}, units_to_body(units));
  if (!answer) return fail(answer.error());
  return plan_answer_from_json(*answer);
}

result<apply_answer> api_client::apply(const unit_map& units) const {
  const auto answer = ask({.call = api_call::apply, .key = {}}, units_to_body(units));
  if (!answer) return fail(answer.error());
  return apply_answer_from_json(*answer);
}

result<control_answer> api_client::control(api_call call, std::string key) const {
  const auto answer = ask({.call = call, .key = std::move(key)});
  if (!answer) return fail(answer.error());
  return control_answer_from_json(*answer);
}

result<void> api_client::follow(const api_request& request, const std::function<void(std::string_view)>& sink) const {
  exchange talk(socket_, patience_);
  if (auto sent = talk.send(request, {}); !sent) return sent;
  http::response_parser<http::buffer_body> parser;
  parser.body_limit(boost::none);
  if (auto read = talk.read_header(parser); !read) return read;
  const unsigned status = parser.get().result_int();
  if (status < 400 && request.follow) talk.follow();
  if (status < 400) return talk.read_pieces(parser, sink);
  std::string text;
  if (auto read = talk.read_pieces(parser, [&](std::string_view piece) { text += piece; }); !read) return read;
  return fail(answered_error(text, status));
}

result<void> api_client::follow_lines(const api_request& request, const std::function<void(std::string_view)>& sink) const {
  std::string kept;  // of a line that is not whole yet
  return follow(request, [&](std::string_view piece) {
    for (std::size_t end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
      kept += piece.substr(0, end);
      sink(kept);
      kept.clear();
      piece.remove_prefix(end + 1);
    }
    kept += piece;
  });
}

}  // namespace steward
