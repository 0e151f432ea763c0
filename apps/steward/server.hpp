// SPDX-License-Identifier: Apache-2.0
//
// The daemon's Unix socket: HTTP in, answers out. docs/http_api.md describes what can be asked.
#pragma once

#include "control.hpp"
#include "steward/doorbell.hpp"
#include "steward/runnable.hpp"

#include <boost/asio/io_context.hpp>

#include <string>

namespace steward {

/// Answers requests on a Unix socket of mode 0600. Ready when it listens; who connects before `open` waits for an answer until then.
///
/// Stop: gracefully it accepts nothing more and lets requests that are being answered finish; those that follow a log end at once. The socket's file
/// goes. Errors: one line with the path when it cannot listen: in use by a daemon, a file that is no socket (which is left alone), too long. Threads:
/// all on the one of `io`.
class api_server {
 public:
  api_server(boost::asio::io_context& io, std::string socket, control& daemon) : io_(io), socket_(std::move(socket)), daemon_(daemon) {}

  [[nodiscard]] task<> run(context& ctx, callback ready);

  /// From now on requests are answered: what they are about is there.
  void open() noexcept { opened_.ring(); }

 private:
  boost::asio::io_context& io_;
  std::string socket_;
  control& daemon_;
  doorbell opened_;
};

}  // namespace steward
