// SPDX-License-Identifier: Apache-2.0
//
// Starts a program as a child of this process.
#pragma once

#include "steward/detail/unique_fd.hpp"
#include "steward/program/launch.hpp"
#include "steward/result.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace steward {

/// What a child gets beyond its spec.
struct spawn_options {
  /// Whether it leads a session of its own as well as a group. Turn it off in a process that has no terminal: then there is none to be kept away
  /// from, and Linux, which gives each session its own share of the processor, would make the last to end of a thousand wait for the shares of all
  /// others.
  bool own_session = true;
  std::size_t output_capacity = std::size_t{1} << 20U;  ///< bytes that fit into its output pipe before it has to wait
  std::optional<std::uint64_t> open_files;              ///< its soft limit of open files; empty: this process's, from before `raise_open_files`
};

/// A program just started.
struct child {
  pid_t pid = 0;                    ///< also the number of its process group, which it leads
  std::uint64_t start_time = 0;     ///< clock ticks after boot; with the number and the boot it names the process for ever
  detail::unique_fd pidfd;          ///< readable when it has ended
  detail::unique_fd output;         ///< what it writes to stdout and stderr; never blocks; ends when all who can write are gone
  std::size_t output_capacity = 0;  ///< what was got of the size asked for: without privileges the system allows 64 MiB for all pipes of a user
};

/// Starts a program, and returns when it is running or has failed to.
///
/// The child leads a process group, so that its whole tree can be signalled, and a session, so that no terminal reaches it. It has stdin from
/// /dev/null, stdout and stderr in one pipe, no other descriptor, no signal blocked or ignored.
/// Errors: the text begins with the stage that failed: `exec /usr/bin/foo: Permission denied`, `directory /nope: No such file or directory`,
/// `limits: Too many open files`. `code()` is the errno of it.
/// Threads: any. Blocks the calling thread until the child has executed the program or failed (about 1 ms); others go on.
/// Cost: the memory of this process is shared until then and never copied, so that its size does not matter. Nor does the number of programs held:
/// their descriptors are moved above those that a child has to copy.
/// Source: vfork semantics by clone(2) with CLONE_VM, CLONE_VFORK, CLONE_FILES and CLONE_PIDFD (Linux 5.4), close_range(2) (5.9).
[[nodiscard]] result<child> spawn(const launch& what, const spawn_options& options = {});

/// The same from a spec; see `prepare`.
[[nodiscard]] result<child> spawn(const program_spec& spec, const spawn_options& options = {});

}  // namespace steward
