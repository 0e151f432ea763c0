// SPDX-License-Identifier: Apache-2.0
//
// Which operating system process is meant, also after its number went to another.
#pragma once

#include "steward/detail/unique_fd.hpp"
#include "steward/result.hpp"

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace steward {

/// A process, named so that no other one ever has the same name: process numbers are used again, and start over with each boot.
struct process_identity {
  std::string boot_id;  ///< as in /proc/sys/kernel/random/boot_id
  pid_t pid = 0;
  std::uint64_t start_time = 0;  ///< in clock ticks after boot, as in /proc/PID/stat

  friend bool operator==(const process_identity&, const process_identity&) = default;
};

/// The identity of this boot of the system.  Errors: when /proc is not there.  Threads: any.  Cost: read once.
[[nodiscard]] result<std::string> boot_id();

/// When the process that now has this number was started, in clock ticks after boot.
/// Errors: `std::errc::no_such_process` when there is none.  Cost: 15–30 µs.
[[nodiscard]] result<std::uint64_t> start_time_of(pid_t pid);

/// A descriptor (pidfd) of just this process, by which it can be awaited and signalled without a mistake.
/// Errors: `std::errc::no_such_process` when it is gone, also when its number has a new owner.
[[nodiscard]] result<detail::unique_fd> open_process(const process_identity& which);

}  // namespace steward
