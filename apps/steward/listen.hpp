// SPDX-License-Identifier: Apache-2.0
//
// A Unix socket to listen on, made without ever harming what stands at its path.
#pragma once

#include "steward/result.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <string>
#include <utility>

namespace steward {

/// The right to replace a socket: a locked file `<socket>.lock`, mode 0600, which is removed in the end. One that was left is no obstacle.
class socket_claim {
 public:
  /// Errors: one line with the path: another process has it, or it cannot be had.
  [[nodiscard]] static result<socket_claim> acquire(const std::string& socket);
  socket_claim(socket_claim&& other) noexcept : file_(std::move(other.file_)), fd_(std::exchange(other.fd_, -1)) {}
  socket_claim& operator=(socket_claim&&) = delete;
  ~socket_claim();

 private:
  socket_claim(std::string file, int fd) noexcept : file_(std::move(file)), fd_(fd) {}

  std::string file_;
  int fd_;
};

/// A socket that is listened on, and the claim to it.
struct listening {
  socket_claim claim;
  boost::asio::local::stream_protocol::acceptor acceptor;
};

/// Listens at `path`, mode 0600. A socket that nobody listens on any more is replaced.
/// Errors: one line with the path: another process listens there, it is no socket, it is too long, it cannot be made.
[[nodiscard]] result<listening> listen_at(boost::asio::io_context& io, const std::string& path);

}  // namespace steward
