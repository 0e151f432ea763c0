// SPDX-License-Identifier: Apache-2.0
//
// One opening of the file: checked, brought up to date, with its statements ready.
#pragma once

#include "file_watch.hpp"
#include "schema.hpp"
#include "sqlite_error.hpp"
#include "statements.hpp"
#include "steward/sqlite/detail/row_edits.hpp"

#include <SQLiteCpp/Database.h>

#include <atomic>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace steward::detail {

enum class access : unsigned char { read, write };

/// How a file is to be opened.
struct opening {
  access how = access::write;
  bool create = false;      ///< make or fill it where there is none; never when it was open before, so that a lost table does not come back empty
  bool thorough = false;    ///< look at every page: after damage; so is done anyhow when whoever had it open last has not closed it
  std::string database_id;  ///< the only one to accept; empty: any
  std::uint64_t generation = 0;  ///< given already: goes on behind it, also in an older copy
};

enum class presence : unsigned char {
  here,
  gone,         ///< nothing is at its path
  elsewhere,    ///< another file is at its path, or its WAL has been taken away
  overwritten,  ///< the same file, without a database in it
};

/// An open database. All its functions throw what SQLite throws, where they say nothing else.
///
/// Threads: one; only `interrupt` from any, while it lives.
class connection {
 public:
  /// Opens, judges, migrates. Nothing of what is not ours is changed.  Shape: one that reads finds the file made and up to date by one that writes,
  /// and from then on refuses to change it.
  [[nodiscard]] static std::expected<std::unique_ptr<connection>, failure> open(const std::filesystem::path& file, const opening& how);

  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection();

  [[nodiscard]] const std::string& database_id() const noexcept { return database_id_; }
  /// The highest generation given so far.
  [[nodiscard]] std::uint64_t generation() const noexcept { return highest_; }
  [[nodiscard]] presence look() const noexcept;

  /// Gives back the memory of the pages that it has read; the next use reads them from the system's cache.
  void drop_pages() noexcept;

  /// Moves everything into the one file, wherever it is by now, and leaves an empty WAL, which cannot be mistaken for another file's.
  void settle() noexcept;

  /// Closes without moving anything: what is on the disk stays as it is.
  void abandon() noexcept;

  /// Ends what runs, and what is begun until `go_on`: an interruption that comes between two statements must not be lost.
  void interrupt() noexcept;
  void go_on() noexcept { interrupted_.store(false, std::memory_order_relaxed); }

  /// The failure that SQLite just reported.
  [[nodiscard]] failure failure_now(const SQLite::Exception& thrown) const;

  /// @{ One transaction for several jobs, each of which can be undone alone. The counter of generations is read and written once in it.
  void begin();
  void commit();
  void roll_back() noexcept;
  [[nodiscard]] bool in_transaction() const noexcept;
  void save();
  void release() { query(sql().release).run(); }
  void undo();
  /// The generation of an edit of this row.
  std::uint64_t next_generation(const std::string& table, const stored_key& key);
  /// The rows that the last transaction has edited.
  [[nodiscard]] row_edits take_edits() noexcept { return std::exchange(edits_, {}); }
  /// @}

  /// What other connections have committed since the last call, or since this one was opened; empty while they have committed nothing.
  /// Shape: rows by their names if the generations given since then tell that there are no more; else any.
  [[nodiscard]] std::optional<row_edits> edits_of_others();

  [[nodiscard]] statements& sql() noexcept { return *statements_; }

 private:
  static int look_for_interruption(void* self) noexcept;
  explicit connection(const std::filesystem::path& file);
  void settings();
  [[nodiscard]] schema_marks marks();
  [[nodiscard]] result<> accept(const opening& how);
  [[nodiscard]] result<> accept_marks(const opening& how);
  [[nodiscard]] result<> use_wal();
  [[nodiscard]] result<> accept_content(const opening& how);
  [[nodiscard]] std::int64_t data_version();
  [[nodiscard]] std::uint64_t stored_generation();
  [[nodiscard]] row_edits rows_behind_seen();
  void migrate();
  [[nodiscard]] std::unexpected<error> refused(const std::string& text) const;

  std::filesystem::path file_;
  std::filesystem::path wal_;
  std::atomic<bool> interrupted_{false};
  SQLite::Database database_;
  std::optional<statements> statements_;
  std::string database_id_;
  std::optional<file_identity> file_identity_;
  std::optional<file_identity> wal_identity_;
  std::uint64_t highest_ = 0;
  std::optional<std::uint64_t> generation_;  // the last one given, once this transaction has given one
  std::uint64_t before_ = 0;                 // the last one that was given before it
  row_edits edits_;                          // of this transaction, and how many of them there were before the job that runs
  std::size_t saved_ = 0;
  std::int64_t version_ = 0;  // what others had committed, and up to which generation it is known, when that was asked last
  std::uint64_t seen_ = 0;
};

}  // namespace steward::detail
