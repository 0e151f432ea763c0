// SPDX-License-Identifier: Apache-2.0
//
// Where the database is, and with it what stands beside it.
#pragma once

#include "steward/result.hpp"

#include <filesystem>
#include <string>

namespace steward {

/// The file that `path` leads to, which need not be there: what stands beside a database stands beside that one, whatever link names it. A link to a
/// folder on the way stays as it is written, because all of its names are the same folder: by it, a path can be made short.
/// Shape: relative where `path` and its links are; `path` itself where it is no link, or links lead round in a circle, which whoever opens it is
/// told.
[[nodiscard]] std::string file_behind(const std::string& path);

/// The keeper's socket, beside its database.
[[nodiscard]] std::string keeper_path(const std::filesystem::path& database);

/// Whether the keeper's socket can stand beside this database, wherever the daemon listens.
/// Errors: one line: longer than 100 bytes, from the root on.
[[nodiscard]] result<> check_database_path(const std::filesystem::path& database);

}  // namespace steward
