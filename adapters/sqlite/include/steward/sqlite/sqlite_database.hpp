// SPDX-License-Identifier: Apache-2.0
//
// A SQLite file with threads of its own: what tables and the daemon's memory are kept in.
#pragma once

#include "steward/sqlite/detail/database_job.hpp"
#include "steward/sqlite/detail/row_edits.hpp"
#include "steward/table_watch.hpp"
#include "steward/task.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

namespace steward {

struct sqlite_options {
  std::chrono::milliseconds lock_wait{2000};  ///< how long a call waits while another process has the file locked

  /// Is called when reads, or writes, have paused for half a second and the memory of their pages was given back: the moment to hand what is free on
  /// to the system.  Shape: must not throw.  Threads: that of the reads, and that of the writes.
  std::function<void()> on_quiet;
};

/// Since when a database cannot be read, and why.
struct database_trouble {
  std::chrono::system_clock::time_point since;
  error why;
};

/// A SQLite file in WAL mode, and the two threads on which everything that blocks is done: one for reads, one for writes.
///
/// Writes are acknowledged when they are on the disk (synchronous=FULL); those that wait at the same time share one flush. Reads wait neither for a
/// write nor for another process's transaction, and see every write that was acknowledged before they were asked for; writes wait for another
/// process's transaction, for `lock_wait` at most. A file that is moved, deleted, replaced or damaged while it is open makes every
/// call fail with an error that says so, and works again when the same database is back at its path: a missing one is never made anew.
///
/// Stop: a call that waits for its turn, or for another process, ends at once; a read that runs is interrupted; a write that runs is finished, so
/// that its result is true. Threads: every function from any thread. Lifetime: outlives every call; destroying it during one is reported and ends the
/// program. The destructor blocks until the file is closed; `close` first.
///
/// Cost, on two cores of a shared virtual machine in 2026 on which others worked (`./dev bench sqlite` measures yours): a read of one row of 100,000
/// 20 µs, p99 below 0.1 ms, also beside a writer; 260 acknowledged writes a second of one caller, who waits 4 ms for each flush, and 18,000 of 256
/// callers, who share it; 100,000 rows a second in edits of 1,000. Source: decision 0007; docs/table.md.
class sqlite_database {
 public:
  explicit sqlite_database(const std::filesystem::path& file, sqlite_options options = {});
  sqlite_database(const sqlite_database&) = delete;
  sqlite_database& operator=(const sqlite_database&) = delete;
  ~sqlite_database();

  /// Opens the file, makes it if there is none (mode 0600), and brings an older one up to date. With `close` it makes a `start_stop`.
  /// Cost: every page is looked at if the file was not closed in order, or another process has it open: 0.1 s for 100,000 rows.
  /// Errors: one line that names the file, what it is, and what would be right. What is not ours is left as it was.
  [[nodiscard]] task<> open(context& ctx);

  /// Writes everything into the one file and closes it.  Stop: goes on all the same.
  [[nodiscard]] task<> close(context& ctx);

  /// Whether the file is there and can be read, now.
  [[nodiscard]] task<> check(context& ctx);

  /// Since when it cannot be read; empty when the last call could.
  [[nodiscard]] std::optional<database_trouble> trouble() const;

  /// Absolute.
  [[nodiscard]] const std::filesystem::path& path() const noexcept;

  /// For those who write tables: runs a job on the database's thread for its kind, and resumes the caller on its own scheduler.
  /// Lifetime: the job lives until then, in the frame of the coroutine that awaits.
  [[nodiscard]] detail::job_wait perform(context& ctx, detail::database_job& job) noexcept { return {*worker_, ctx, job}; }

  /// For those who write tables: has `hint` called with the row of each edit, of any table of the file and by whomever, as `table::watch` says.
  [[nodiscard]] std::unique_ptr<table_watch> watch(table_hint<detail::row_name> hint);

 private:
  std::unique_ptr<detail::sqlite_worker> worker_;
};

}  // namespace steward
