// SPDX-License-Identifier: Apache-2.0
//
// A unit: one row of the daemon's table, a program with all that is promised about it.
#pragma once

#include "steward/program/readiness.hpp"
#include "steward/program/spec.hpp"
#include "steward/supervision.hpp"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace steward {

/// How a program is asked to stop, and how long it has before it is killed.
struct unit_stop {
  int signal = SIGTERM;
  std::chrono::nanoseconds deadline = std::chrono::seconds(10);

  friend bool operator==(const unit_stop&, const unit_stop&) = default;
};

/// Where a unit stands in a group. The policy is the group's: every member's row has it, and all of them agree (`check_groups`).
struct unit_group {
  std::string name;
  std::uint32_t place = 0;  ///< the order in which the group is started again, and the "rest" of `rest_for_one`
  group_policy policy;

  friend bool operator==(const unit_group&, const unit_group&) = default;
};

/// A program that is kept running, and how. Equal units are equal rows: applying one over the other changes nothing.
struct unit {
  program_spec program;
  restart_policy restart;
  unit_stop stop;
  std::chrono::nanoseconds start_deadline = std::chrono::seconds(60);  ///< from its start until it must be ready
  std::chrono::nanoseconds kill_deadline = std::chrono::seconds(10);   ///< from being killed until it must be gone; then it is `abandoned`
  std::vector<std::string> after;                                      ///< units that must be ready before this one starts
  std::vector<requirement<std::string>> requirements;                  ///< units that must be ready before it starts, and as long as it runs
  std::optional<unit_group> group;
  readiness ready;

  friend bool operator==(const unit&, const unit&) = default;
};

/// The units that must be ready before this one starts: those of `after`, then those that it requires. They are stopped after it.
[[nodiscard]] std::vector<std::string> needs_of(const unit& what);

/// Whether `name` can be a unit's name: 1 to 64 of `A-Z a-z 0-9 . _ @ -`, not beginning with `.` or `-`. Names become file names and parts of URLs.
[[nodiscard]] bool is_unit_name(std::string_view name) noexcept;

/// What `is_unit_name` wants, for messages.
inline constexpr std::string_view unit_name_rule = "a unit name is 1 to 64 of A-Z a-z 0-9 . _ @ - and does not begin with . or -";

}  // namespace steward
