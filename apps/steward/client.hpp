// SPDX-License-Identifier: Apache-2.0
//
// Talks to a daemon over its Unix socket: HTTP, one connection for each request, blocking, but not for ever.
#pragma once

#include "api.hpp"
#include "status.hpp"
#include "steward/result.hpp"
#include "unit_decode.hpp"

#include <sys/un.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace steward {

/// What the kernel takes, in bytes.
inline constexpr std::size_t longest_socket_path = sizeof(sockaddr_un::sun_path) - 1;

/// Whether a path can be that of a Unix socket.
/// Errors: one line: empty, a NUL byte, longer than the 107 bytes that the kernel takes.
[[nodiscard]] result<void> check_socket_path(std::string_view path);

/// How long a daemon may take for an answer. A disk that is slow takes seconds; who waits longer is better told.
inline constexpr std::chrono::seconds answer_patience(30);

/// Asks a daemon. Every function sends one request and waits for its answer.
/// Errors: one line, ready to be shown: no daemon there, no permission, not a daemon, no answer within `patience`, or what the daemon answered.
/// Threads: distinct clients may be used from distinct threads.
class api_client {
 public:
  explicit api_client(std::string socket, std::chrono::nanoseconds patience = answer_patience) : socket_(std::move(socket)), patience_(patience) {}

  [[nodiscard]] const std::string& socket() const noexcept { return socket_; }

  [[nodiscard]] result<version_answer> version() const;
  [[nodiscard]] result<daemon_status> status() const;
  [[nodiscard]] result<unit_status> status_of(std::string key) const;
  [[nodiscard]] result<unit_explanation> explain(std::string key) const;
  [[nodiscard]] result<std::vector<unit_straggler>> stragglers() const;
  [[nodiscard]] result<plan_answer> plan(const unit_map& units) const;
  [[nodiscard]] result<apply_answer> apply(const unit_map& units) const;

  /// Shape: `call` is `start`, `stop`, `restart` or `remove`. `stop` and `remove` wait for their answer as long as the unit takes to stop: ask for
  /// the version first to know that somebody is there who will give it.
  [[nodiscard]] result<control_answer> control(api_call call, std::string key) const;

  /// Hands what a log or the events have, and what comes from now on when following, to `sink` in pieces. When following, it waits for any time
  /// between two, and a daemon that ends in order is a success.
  /// Shape: the call is `logs` or `events`.
  [[nodiscard]] result<void> follow(const api_request& request, const std::function<void(std::string_view)>& sink) const;

  /// The same by whole lines, without their line breaks.
  [[nodiscard]] result<void> follow_lines(const api_request& request, const std::function<void(std::string_view)>& sink) const;

 private:
  [[nodiscard]] result<boost::json::value> ask(const api_request& request, std::string body = {}) const;

  std::string socket_;
  std::chrono::nanoseconds patience_;
};

}  // namespace steward
