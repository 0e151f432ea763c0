// SPDX-License-Identifier: Apache-2.0
//
// One daemon per database.
#pragma once

#include "steward/detail/unique_fd.hpp"
#include "steward/result.hpp"

#include <filesystem>
#include <utility>

namespace steward {

/// The right to be the one daemon of a database: an exclusive lock on `<database>.lock`, held as long as this object lives, and given back by the
/// system when the process ends, however it ends. Children do not inherit it. The file stays behind; it holds the holder's process id, for the
/// message only.
///
/// Threads: one at a time.
class database_lock {
 public:
  /// Takes the lock, or says who has it. Does not wait.
  ///
  /// Shape: `database` need not exist, its directory must; a symbolic link is followed, so that the file has one lock whatever it is called.
  /// Errors: `std::errc::device_or_resource_busy` when another has it; else what the system says of the lock file. Nothing is written into a file
  /// that is no lock file.
  [[nodiscard]] static result<database_lock> acquire(const std::filesystem::path& database);

  database_lock(database_lock&&) noexcept = default;
  database_lock& operator=(database_lock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~database_lock();

 private:
  explicit database_lock(detail::unique_fd fd) noexcept : fd_(std::move(fd)) {}

  detail::unique_fd fd_;
};

}  // namespace steward
