// SPDX-License-Identifier: Apache-2.0
//
// Reads what a unit has written: the last lines, and then what comes.
#pragma once

#include "steward/detail/unique_fd.hpp"
#include "steward/result.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace steward {

/// A position in a log that is rotated: it knows the file by what it is, not by its name.
class log_reader {
 public:
  /// `file` is the one that is written to; older parts are `file.1`, `file.2`, ….
  explicit log_reader(std::filesystem::path file) : file_(std::move(file)) {}

  /// The last `lines` lines, going back into the part before where the present one has fewer, and stands behind them.
  /// Shape: empty when there is no log yet. At most 64 MiB, the newest.
  [[nodiscard]] result<std::string> tail(std::size_t lines);

  /// What was written since, up to 256 KiB; empty when nothing was. Goes on in the next part after a rotation; where that has been rotated away, too,
  /// with a line that says that output is missing.
  [[nodiscard]] result<std::string> more();

 private:
  [[nodiscard]] bool open_current();
  [[nodiscard]] bool is_present_part() const;
  [[nodiscard]] result<std::string> next_part();

  std::filesystem::path file_;
  detail::unique_fd fd_;
  std::uint64_t offset_ = 0;
};

}  // namespace steward
