// SPDX-License-Identifier: Apache-2.0
//
// What a benchmark of programs does with other processes: starts them, looks at them, and leaves none behind.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace steward::bench {

/// Makes this process the one to whom orphans are handed, and ends all that descends from it when it exits or is interrupted; so too goes `folder()`.
/// Also the second thread that every benchmark needs.  Threads: to be made first, once.
class tidy_process {
 public:
  tidy_process();
  tidy_process(const tidy_process&) = delete;
  tidy_process& operator=(const tidy_process&) = delete;

  /// A temporary folder of its own.
  [[nodiscard]] static const std::filesystem::path& folder();
};

/// A process of ours, with its output.
struct started {
  pid_t pid = 0;
  int output = -1;  ///< its stdout, if that was asked for
};

/// The executable that runs now.
[[nodiscard]] std::string own_executable();

/// Starts an executable with no signal blocked. Its stdout is ours to read, or goes to `output`.
[[nodiscard]] started start(const std::vector<std::string>& command, const std::filesystem::path& output = {});

/// Waits until a line `ready` comes.
void wait_ready(const started& who);

/// Asks it to end by SIGTERM, and waits until it and everything else that this process has started is gone.
void stop_all(const started& who);

/// The children of a process that are alive or zombies, from /proc.
[[nodiscard]] std::vector<pid_t> children_of(pid_t who);

/// The only child of this process with that name, as in /proc/PID/comm.
[[nodiscard]] pid_t child_named(const std::string& name);

/// Seconds of processor time that all threads of some processes have had.
[[nodiscard]] double cpu_seconds(const std::vector<pid_t>& who);

/// Bytes of their memory; what is shared counts in parts.
[[nodiscard]] double proportional_bytes(const std::vector<pid_t>& who);

/// Looks every 50 µs, for at most two minutes, until it is so.
void wait_until(const std::function<bool()>& holds, const char* what);

}  // namespace steward::bench
