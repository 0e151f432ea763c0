// SPDX-License-Identifier: Apache-2.0
//
// One daemon per database.
#pragma once

#include "steward/result.hpp"

#include <filesystem>
#include <memory>

namespace steward {

/// The right to be the one daemon of a database, held as long as this object lives, and given back by the system when the process ends, however it
/// ends: an exclusive lock on `<database>.lock`, which holds the holder's process id for the message, and one on the database itself, which is the
/// same when its lock file was removed, or a mount gives it another name. No program that is executed inherits them. The lock file is removed in the
/// end, and so is a database that was made for it and never used.
///
/// Threads: one at a time.  Lifetime: taken before this process opens the database, and given back after it has closed it: POSIX drops the locks that
/// SQLite holds on a file when the process closes any other descriptor of it.
class database_lock {
 public:
  /// Takes the lock, or says who has it. Does not wait, but for up to a second where that one is over: a child that it was just starting has
  /// inherited the lock until it executes its own program.
  ///
  /// Shape: makes an empty database (mode 0600) where there is none; a symbolic link is followed.
  /// Errors: `std::errc::device_or_resource_busy` when another has it; what the path is if it cannot be that of a database, with nothing left beside
  /// it, also where the file has hard links: `-wal` and `-shm` would be others under each name, which damages it; else what the system says of the
  /// lock file. Nothing is written into a file that is no lock file.
  [[nodiscard]] static result<database_lock> acquire(const std::filesystem::path& database);

  database_lock(database_lock&& other) noexcept;
  database_lock& operator=(database_lock&& other) noexcept;
  ~database_lock();

 private:
  struct held;
  explicit database_lock(std::unique_ptr<held> what) noexcept;

  std::unique_ptr<held> held_;
};

}  // namespace steward
