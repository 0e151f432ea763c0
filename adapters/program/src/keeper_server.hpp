// SPDX-License-Identifier: Apache-2.0
//
// The loop of a keeper: connections, requests, and the ends of children.
#pragma once

#include "keeper_table.hpp"
#include "steward/detail/unique_fd.hpp"
#include "steward/program/detail/frame_channel.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>

namespace steward::detail {

/// Serves one daemon at a time, and goes on without one. Single-threaded; sleeps in one place.
class keeper_server {
 public:
  /// Shape: all three descriptors are open and do not block.
  keeper_server(unique_fd epoll, unique_fd listener, unique_fd signals);

  /// Returns when it was shut down, or has nothing to hold and nobody to serve.
  void run();

 private:
  struct connection {
    frame_channel channel;
    pid_t peer = 0;
    std::uint32_t events = 0;  // what epoll was told to look for
    bool closing = false;      // as soon as everything is sent
  };
  using connections = std::map<std::uint64_t, connection>;

  void turn();
  bool dispatch(std::uint64_t source);
  void accept_one();
  void read_signals();
  void read_from(connections::iterator who);
  void process_waiting();
  bool process_next();
  void handle(connections::iterator who, std::uint64_t id, request&& body);
  void welcome_or_refuse(connections::iterator who, std::uint64_t id);
  void start(connection& who, std::uint64_t id, spawn_request&& body);
  void list(connection& who, std::uint64_t id);
  void shut_down(connection& who, std::uint64_t id);
  void answer(connection& who, std::uint64_t id, const result<>& outcome);
  void send(connection& who, std::uint64_t id, const reply& body, const std::shared_ptr<const child_handles>& handles = nullptr);
  void report_changes();
  [[nodiscard]] static bool can_process(const connection& who) noexcept;
  void update_interest(std::uint64_t number, connection& who);
  void close(std::uint64_t number);
  [[nodiscard]] int milliseconds_to_wait() const;
  [[nodiscard]] bool is_idle() const;

  unique_fd epoll_;
  unique_fd listener_;
  unique_fd signals_;
  unique_fd spare_;  // given up for a moment to refuse a connection when there is no descriptor left
  keeper_table table_;
  connections connections_;
  std::uint64_t last_connection_;
  std::uint64_t daemon_ = 0;  // the connection that is served; 0 for none
  keeper_table::clock::time_point first_daemon_by_;
  bool someone_ended_ = false;  // SIGCHLD came, and not everybody was looked at
  bool asked_to_end_ = false;
  bool ended_ = false;
};

}  // namespace steward::detail
