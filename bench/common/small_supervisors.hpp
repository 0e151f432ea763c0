// SPDX-License-Identifier: Apache-2.0
//
// What `steward run` is compared with, each a process of its own: they start so many `sleep`, write `ready` on stdout, end everything at SIGTERM.
#pragma once

#include <string>

namespace steward::bench {

/// The least that the system allows: posix_spawn, pidfd, epoll, a restart at once. Nothing else: no output, no group's end, no stop deadline.
/// Shape: with `pipes` each program gets one for its output, of 1 MiB, as ours do.
int run_floor(int count, bool pipes);

/// The library in one process: `program` and `local_spawner`.
int run_local(int count);

/// A manager whose programs are listed in a table, in one process. Shape: the table is in memory, or in a SQLite file `database` where that is not
/// empty; then what the manager remembers of each program is written down a little later, as the daemon does.
int run_managed(int count, const std::string& database);

/// The programs without a manager, but with a keeper. Its `main` calls `keeper_main`.
int run_with_keeper(int count, const char* socket);

/// Not a supervisor: a program that waits until it can read a byte from the file `go`, writes 200 MB of lines of 100 bytes to its stdout, so many
/// bytes at a time, waits until they were taken, writes the seconds into the file `told`, and stays.
int run_writer(int chunk, const char* go, const char* told);

/// How many bytes that writes, and how long its lines are.
inline constexpr long written_bytes = 200'000'000;
inline constexpr int line_bytes = 100;
inline constexpr int line_numbers = 32'768;  // then they begin again

}  // namespace steward::bench
