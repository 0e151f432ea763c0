// SPDX-License-Identifier: Apache-2.0
//
// A disk that fails when it is told to, and that knows what it would still hold after a power cut: between SQLite and the real files.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace steward::test {

/// While it lives, every database that is opened lies on it, unless it asks for the system "unix".
///
/// Threads: any; `before` is called under a lock, one call at a time.
class faulty_disk {
 public:
  enum class operation : unsigned char { read, write, flush, cut, remove, map };

  faulty_disk();
  faulty_disk(const faulty_disk&) = delete;
  faulty_disk& operator=(const faulty_disk&) = delete;
  ~faulty_disk();

  /// Called before each operation: anything but `SQLITE_OK` is its failure, and nothing is done.
  void before(std::function<int(operation)> decide);

  /// Writes into `folder` what could be left of all files if the power were cut now: what was flushed, and of what was not, any sectors, as `seed`
  /// decides. Also from inside `before`.
  void power_cut(const std::filesystem::path& folder, std::uint64_t seed);

 private:
  struct file;
  struct contents {
    std::string flushed;
    std::string written;
    bool there = false;    // survives at all
    bool removed = false;  // and has not been flushed out of its folder yet
  };

  static int open(sqlite3_vfs* disk, const char* name, sqlite3_file* opened, int flags, int* flags_out);
  static int remove(sqlite3_vfs* disk, const char* name, int flush_folder);
  static const sqlite3_io_methods& methods();
  int decide(operation what);
  void flush_folder();

  sqlite3_vfs system_{};
  sqlite3_vfs* real_;
  std::recursive_mutex mutex_;
  std::function<int(operation)> decide_;
  std::map<std::string, contents> files_;
};

}  // namespace steward::test
