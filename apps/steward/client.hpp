// SPDX-License-Identifier: Apache-2.0
//
// Talks to a daemon over its Unix socket: HTTP, one connection for each request, blocking.
#pragma once

#include "api.hpp"
#include "status.hpp"
#include "steward/result.hpp"
#include "unit_decode.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace steward {

/// Whether a path can be that of a Unix socket.
/// Errors: one line: empty, a NUL byte, longer than the 107 bytes that the kernel takes.
[[nodiscard]] result<void> check_socket_path(std::string_view path);

/// Asks a daemon. Every function sends one request and waits for its answer.
/// Errors: one line, ready to be shown: no daemon there, no permission, not a daemon, or what the daemon answered.
/// Threads: distinct clients may be used from distinct threads.
class api_client {
 public:
  explicit api_client(std::string socket) : socket_(std::move(socket)) {}

  [[nodiscard]] const std::string& socket() const noexcept { return socket_; }

  [[nodiscard]] result<version_answer> version() const;
  [[nodiscard]] result<daemon_status> status() const;
  [[nodiscard]] result<unit_status> status_of(std::string key) const;
  [[nodiscard]] result<apply_answer> apply(const unit_map& units) const;

  /// Shape: `call` is `start`, `stop`, `restart` or `remove`.
  [[nodiscard]] result<control_answer> control(api_call call, std::string key) const;

  /// Hands what the log has, and what is written from now on when following, to `sink` in pieces.
  [[nodiscard]] result<void> logs(const api_request& request, const std::function<void(std::string_view)>& sink) const;

 private:
  [[nodiscard]] result<boost::json::value> ask(const api_request& request, std::string body = {}) const;

  std::string socket_;
};

}  // namespace steward
