// SPDX-License-Identifier: Apache-2.0
//
// An answer whose length nobody knows yet: what is there, and what comes.
#pragma once

#include "steward/result.hpp"
#include "steward/task.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace steward {

class context;

/// How an answer has to look for whoever asked.
struct answer_form {
  unsigned version = 11;    ///< of HTTP: 10 or 11
  bool keep_alive = false;  ///< the connection is used further
  bool head_only = false;   ///< there is no body, whatever the head tells of it
};

/// Sends a text in chunks, as it comes. Of what has come no more is held than one piece: who reads slowly has all the time it needs, as long as it
/// reads, and where it is too slow is for the source to know.
///
/// Stop: what has come by then is still sent, and the end, within a second.
class chunked_answer {
 public:
  using socket_type = boost::asio::local::stream_protocol::socket;

  /// What comes next; empty: nothing has come since.
  using source = std::function<result<std::string>()>;

  /// Shape: with `follow` it goes on until the other end closes; else until nothing more comes.
  chunked_answer(socket_type& socket, source more, bool follow) : socket_(socket), more_(std::move(more)), follow_(follow) {}

  /// Sends all of it. HTTP/1.0 has no chunks: the text ends with the connection there, and `form` then has no `keep_alive` any more.  Errors: the
  /// connection's, and the source's; either leaves an answer without its end, which the other end sees.
  [[nodiscard]] task<> send(context& ctx, std::string_view content_type, answer_form& form);

 private:
  [[nodiscard]] task<> pump(context& ctx);
  [[nodiscard]] task<> write(context& ctx);
  [[nodiscard]] bool gone();

  socket_type& socket_;
  source more_;
  bool follow_;
  bool ended_ = false;
  bool chunks_ = true;
  std::string unsent_;
};

}  // namespace steward
