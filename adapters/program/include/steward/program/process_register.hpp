// SPDX-License-Identifier: Apache-2.0
//
// Which programs run, in a file that outlives whoever holds them.
#pragma once

#include "steward/detail/unique_fd.hpp"
#include "steward/program/identity.hpp"
#include "steward/result.hpp"

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace steward {

/// A program that was started, as the next daemon finds it.
struct registered_process {
  std::string key;
  process_identity identity;
  std::string note;

  friend bool operator==(const registered_process&, const registered_process&) = default;
};

/// A file to which each start is appended. An entry names a process that never comes again, so it need not be struck out when that ends.
///
/// Shape: of a key the last entry counts. Nothing is flushed: what is written is in the system's memory, which outlives every process, and the end of
/// the system is the end of all that is told. Threads: one at a time, and one process.  Cost: about 5 µs for an entry.
class process_register {
 public:
  /// The file is made when something is added.
  explicit process_register(std::filesystem::path file) : file_(std::move(file)) {}

  /// Errors: those of the file system, with the path; the file is as it was then.
  [[nodiscard]] result<> add(const registered_process& entry);

  /// The last entry of each key. One that was left half written is none, nor is anything after it; where there is no file there are none.
  /// Errors: as `add`.
  [[nodiscard]] result<std::vector<registered_process>> read() const;

  /// Drops the entries of all other keys, and what came before the last of each; without any the file too.  Errors: as `add`.
  [[nodiscard]] result<> keep_only(const std::set<std::string, std::less<>>& keys);

  /// Whether it has grown so much that it should be told what to keep.
  [[nodiscard]] bool is_long() const noexcept;

 private:
  struct content;
  [[nodiscard]] result<content> content_of(int fd) const;
  [[nodiscard]] result<content> read_all() const;
  [[nodiscard]] result<> open();
  [[nodiscard]] result<> append(const std::string& bytes);

  std::filesystem::path file_;
  detail::unique_fd fd_;
  std::uint64_t size_ = 0;
  std::uint64_t kept_ = 0;  // its size when it was last told what to keep
};

}  // namespace steward
