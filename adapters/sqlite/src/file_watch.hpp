// SPDX-License-Identifier: Apache-2.0
//
// Whether the files that are open are still the ones at their paths.
#pragma once

#include "steward/result.hpp"

#include <sys/types.h>

#include <filesystem>
#include <optional>

namespace steward::detail {

/// Which file a path leads to.
struct file_identity {
  dev_t device;
  ino_t inode;

  friend bool operator==(const file_identity&, const file_identity&) = default;
};

/// Empty if there is none, or it cannot be told.
[[nodiscard]] std::optional<file_identity> identity_of(const std::filesystem::path& file) noexcept;

/// Whether whoever had the database open last has not closed it, or still has it open: its log is there, and not empty.
[[nodiscard]] bool was_left_open(const std::filesystem::path& file) noexcept;

/// What to say of a file that was open and is no longer at its path.
[[nodiscard]] error gone_error(const std::filesystem::path& file);

/// Whether a database can be opened at this path, or made where `create`: a clear word for what SQLite only calls "unable to open".
/// Makes an empty file with mode 0600 where there is none.
[[nodiscard]] result<> prepare_file(const std::filesystem::path& file, bool create);

}  // namespace steward::detail
