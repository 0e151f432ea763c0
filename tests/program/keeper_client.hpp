// SPDX-License-Identifier: Apache-2.0
//
// A client of the keeper that waits for each answer: what the tests talk to it with.
#pragma once

#include "steward/program/detail/frame_channel.hpp"
#include "steward/program/detail/keeper_protocol.hpp"
#include "steward/program/keeper.hpp"
#include "support.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace steward::test {

/// This very program, which is a keeper too.
[[nodiscard]] std::string self();

/// A child that the keeper told of, with the descriptors that came along.
struct told_child {
  detail::held_child what;
  detail::unique_fd pidfd;
  detail::unique_fd output;
};

class keeper_client {
 public:
  explicit keeper_client(keeper_link&& link);

  /// Fails the test if it cannot.
  [[nodiscard]] static keeper_client connect_or_start(const std::string& socket);

  [[nodiscard]] result<told_child> spawn(const std::string& key, const program_spec& spec, const std::string& note = {});
  [[nodiscard]] std::vector<told_child> list();
  [[nodiscard]] result<> signal(std::uint64_t child, int signal, bool group);
  [[nodiscard]] result<> forget(std::uint64_t child);
  [[nodiscard]] result<> shut_down();

  /// Waits until the keeper reports that the child is gone, and forgets it. Returns how its leader ended.
  [[nodiscard]] program_exit wait_gone(std::uint64_t child);

  /// What the keeper reported without being asked, child by child, in order.
  [[nodiscard]] const std::map<std::uint64_t, std::vector<detail::held_state>>& reports() const noexcept { return reports_; }

  /// Kills whatever is left and shuts the keeper down.
  void clean_up();

  void send(detail::request body);
  [[nodiscard]] std::optional<detail::numbered<detail::reply>> receive();
  [[nodiscard]] detail::unique_fd take_descriptor() { return channel_.take_descriptor(); }
  [[nodiscard]] int fd() const noexcept { return channel_.fd(); }
  [[nodiscard]] pid_t keeper() const noexcept { return keeper_; }

 private:
  [[nodiscard]] detail::reply ask(detail::request body);
  [[nodiscard]] result<> ask_done(detail::request body);
  [[nodiscard]] told_child with_descriptors(detail::held_child what);

  detail::frame_channel channel_;
  pid_t keeper_;
  std::uint64_t last_id_ = 1;
  std::map<std::uint64_t, std::vector<detail::held_state>> reports_;
};

}  // namespace steward::test
