// SPDX-License-Identifier: Apache-2.0
//
// The keeper: a small process of its own that starts programs and holds them, so that the daemon can end, be upgraded and come back.
#pragma once

#include "steward/detail/unique_fd.hpp"
#include "steward/result.hpp"

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>

namespace steward {

/// How a keeper runs.
struct keeper_options {
  std::string socket;   ///< absolute path of its Unix socket, at most 107 bytes; made with mode 0600
  bool detach = false;  ///< go on in a process that nobody waits for, in a session of its own; the caller's process ends
};

/// Runs a keeper in this process until it is asked to end, or has nothing to hold and nobody to serve. Returns its exit code.
///
/// It is the parent of every program that it starts, reaps them and their orphans, and remembers each end until somebody took note of it. It serves
/// one daemon at a time and goes on without one. SIGINT, SIGHUP and SIGQUIT mean nothing to it; SIGTERM ends it only when it holds nothing. When it
/// can be connected to it writes `ready` on stdout, `taken` if another one listens there, or one line that says why it cannot; then it lets go of all
/// three standard streams. Threads: to be called with no other thread alive.  Source: decision 0006.
[[nodiscard]] int run_keeper(const keeper_options& options);

/// `run_keeper` for a command line: `--socket PATH [--detach]`. For `main`, before anything else has been made:
/// `if (argc > 1 && std::string_view(argv[1]) == "keeper") return steward::keeper_main({argv + 2, argv + argc});`
/// Shape: returns an exit code, 2 for arguments that are not understood.
[[nodiscard]] int keeper_main(std::span<char* const> arguments);

/// A connection to a keeper that serves us and nobody else as long as it is open.
struct keeper_link {
  detail::unique_fd socket;
  pid_t pid = 0;              ///< the keeper's
  std::string boot_id;        ///< of the boot that the start times of its children count from
  std::uint32_t version = 0;  ///< of the protocol that both understand
  bool started = false;       ///< whether it had to be started
};

/// Connects to the keeper at `socket`; starts one with `self keeper --socket …` if there is none. `self` is an executable whose `main` calls
/// `keeper_main`. Errors: one line with the path, as `/run/x/keeper.sock: the keeper serves another daemon, process 12`, `… is not a socket`, `… too
/// long`. Threads: any; blocks for some milliseconds, at most 10 s. Two that start one at the same time end up with the same keeper, of which one
/// gets it. Lifetime: the keeper it starts is no child of this process and inherits no descriptor of it.
[[nodiscard]] result<keeper_link> connect_or_start_keeper(const std::string& socket, const std::string& self);

/// The same without starting one.  Errors: also `std::errc::connection_refused` or `no_such_file_or_directory` when there is none.
[[nodiscard]] result<keeper_link> connect_keeper(const std::string& socket);

}  // namespace steward
