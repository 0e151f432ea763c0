// SPDX-License-Identifier: Apache-2.0
//
// Signalling and reaping a child and the group that it leads, without ever meaning a stranger.
#pragma once

#include "steward/result.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace steward {

/// How a program ended: by `exit(code)`, or by a signal when `signal` is not 0.
struct program_exit {
  int code = 0;
  int signal = 0;

  [[nodiscard]] bool success() const noexcept { return code == 0 && signal == 0; }

  /// `exited with code 3` or `killed by signal 9 (SIGKILL)`.
  [[nodiscard]] std::string to_string() const;

  /// As an error with that text, from which `exit_of` gets the numbers back.
  [[nodiscard]] error to_error() const;

  friend bool operator==(const program_exit&, const program_exit&) = default;
};

/// The category of errors that stand for the end of a program: named `"program"`; the value is the code, or 256 + the signal.
[[nodiscard]] const std::error_category& program_category() noexcept;

/// How the program ended that this error is about; empty when its first cause is something else.
[[nodiscard]] std::optional<program_exit> exit_of(const error& failure) noexcept;

/// `"TERM"` for 15; `"99"` for what has no name.
[[nodiscard]] std::string signal_name(int signal);

/// The other way round: 15 for `"TERM"`, `"SIGTERM"` or `"15"`; empty for what is no signal.
[[nodiscard]] std::optional<int> signal_from_string(std::string_view text) noexcept;

/// A child that leads a process group, as its parent or another holder of its pidfd sees it.
struct group_leader {
  int pidfd = -1;
  pid_t pid = 0;        ///< also the number of the group
  bool reaped = false;  ///< its exit status was taken, or may have been, so that its number alone would not be safe to use
};

/// Sends a signal to the leader alone.  Errors: `std::errc::no_such_process` when it has been reaped.
[[nodiscard]] result<> signal_leader(const group_leader& leader, int signal) noexcept;

/// Sends a signal to every member of the group; with signal 0 it only asks whether there is one. A leader that nobody reaped yet is a member.
/// Shape: true when it had a member, false when it was empty.
/// Source: Linux 6.9 can signal a group through its leader's pidfd, also after the leader was reaped. Before that, the number of the group is used:
/// it cannot be given away while the leader is not reaped, nor while a member lives; that no process has taken the number is looked at before.
[[nodiscard]] result<bool> signal_group(const group_leader& leader, int signal) noexcept;

/// Takes the exit status of a child, if it has ended. Never waits, and never takes that of another child.
/// Errors: `std::errc::no_child_process` when it is no child, or somebody else took it (SIGCHLD ignored, or a `wait` for any child).
[[nodiscard]] result<std::optional<program_exit>> reap(int pidfd) noexcept;

/// Whether a group has a member that is no zombie. Slow (it reads all of /proc): for a group that should be empty and does not get so, because
/// nobody reaps what was orphaned in it.
[[nodiscard]] bool group_has_living_member(pid_t group);

namespace detail {

/// Makes `signal_group` go the way of older kernels, for tests. Returns what it was.
bool use_group_number(bool yes) noexcept;

}  // namespace detail
}  // namespace steward
