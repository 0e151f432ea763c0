// SPDX-License-Identifier: Apache-2.0
//
// The children that a keeper holds: started, watched, reaped, remembered until somebody took note of their end.
#pragma once

#include "group_probe.hpp"
#include "steward/program/detail/frame_channel.hpp"
#include "steward/program/detail/keeper_protocol.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace steward::detail {

/// Knows nothing of connections. Each child's pidfd is in the epoll set that it was made with, under the child's number, until the child was reaped.
///
/// "Gone" means that the whole group is, not only its leader. Nobody tells when the last member of a group ends, so groups that outlived their leader
/// are asked: whenever an orphan was reaped (the keeper is their reaper), and at growing intervals.
class keeper_table {
 public:
  using clock = std::chrono::steady_clock;

  struct record {
    held_child what;
    std::shared_ptr<const child_handles> handles;
    clock::time_point probe_at{};
    group_probe probe;
  };

  explicit keeper_table(int epoll) noexcept : epoll_(epoll) {}

  /// Errors: those of `spawn`; `std::errc::file_exists` while a child of that key is not gone.
  [[nodiscard]] result<const record*> start(spawn_request&& what);

  /// To be called when a pidfd in the epoll set is readable.
  void ended(std::uint64_t child);

  /// To be called after SIGCHLD: reaps whatever has ended, also the orphans that were handed to us.
  void reap_ended();

  /// Asks the groups that are due.
  void probe(clock::time_point now);
  [[nodiscard]] std::optional<clock::time_point> next_probe() const noexcept;

  [[nodiscard]] result<> signal(const signal_request& what);

  /// Errors: when there is no such child, or it is not gone.
  [[nodiscard]] result<> forget(std::uint64_t child);

  [[nodiscard]] const std::map<std::uint64_t, record>& all() const noexcept { return children_; }

  /// How many are not gone.
  [[nodiscard]] std::size_t living() const noexcept { return living_by_key_.size(); }

  /// What has changed since the last call.
  [[nodiscard]] std::vector<changed> take_changes() noexcept { return std::exchange(changes_, {}); }

 private:
  [[nodiscard]] static group_leader leader_of(const record& which) noexcept;
  void set_phase(record& which, held_phase phase);
  void ask_soon() noexcept;

  int epoll_;
  std::uint64_t last_child_ = 0;
  std::map<std::uint64_t, record> children_;
  std::unordered_map<std::string, std::uint64_t> living_by_key_;
  std::vector<std::uint64_t> outlived_;  // groups without their leader
  std::vector<changed> changes_;
};

}  // namespace steward::detail
