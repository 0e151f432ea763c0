// SPDX-License-Identifier: Apache-2.0
//
// The daemon as the command line sees it: what it is told, and one function that runs it.
#pragma once

#include <optional>
#include <string>

namespace steward {

/// What `steward run` is told.
struct run_options {
  std::string database = "./steward.db";  ///< made if missing
  std::string socket = "./steward.db.sock";
  std::optional<std::string> units_file;  ///< applied once the daemon is up

  friend bool operator==(const run_options&, const run_options&) = default;
};

/// Runs the daemon in the foreground until it is asked to stop; what goes wrong is told on stderr in one line.
/// Shape: returns the exit code: 0 after a stop that somebody asked for, 1 when it failed, 2 when `units_file` is wrong, 3 when programs would not
/// end.
[[nodiscard]] int run_daemon(const run_options& options);

}  // namespace steward
