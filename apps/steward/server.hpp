// SPDX-License-Identifier: Apache-2.0
//
// The daemon's Unix socket: HTTP in, answers out. docs/http_api.md describes what can be asked.
#pragma once

#include "control.hpp"
#include "steward/doorbell.hpp"
#include "steward/runnable.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <string>

namespace steward {

/// Answers requests on a Unix socket of mode 0600. Ready when it listens; who connects before `open` waits for an answer until then.
///
/// Stop: gracefully it accepts nothing more and lets requests that are being answered finish; those that follow end at once. The socket's file
/// goes. Errors: one line with the path when it cannot listen: in use by a daemon, a file that is no socket (which is left alone), too long. Threads:
/// all on the one of `io`. Too many at a time are answered with 503. When the process is out of descriptors, some that were kept answer one request
/// at a time.
class api_server {
 public:
  /// `warn` gets a line when connections are turned away, or descriptors are short: once, until that was over.
  api_server(boost::asio::io_context& io, std::string socket, control& daemon, std::function<void(const std::string&)> warn)
      : io_(io), socket_(std::move(socket)), daemon_(daemon), warn_(std::move(warn)) {}

  [[nodiscard]] task<> run(context& ctx, callback ready);

  /// From now on requests are answered: what they are about is there.
  void open() noexcept { opened_.ring(); }

 private:
  boost::asio::io_context& io_;
  std::string socket_;
  control& daemon_;
  std::function<void(const std::string&)> warn_;
  doorbell opened_;
};

}  // namespace steward
