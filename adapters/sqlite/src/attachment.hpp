// SPDX-License-Identifier: Apache-2.0
//
// The connection as it comes and goes: what is at the path is looked at before each use.
#pragma once

#include "connection.hpp"

#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <string>

namespace steward::detail {

/// Holds a connection to one database for as long as that database is at its path.
///
/// Between `open` and `close` it is always the same database: another one at the path is refused, and a missing one is never made anew, because an
/// empty table would mean that everything is to be stopped (M12).
///
/// Threads: one.
class attachment {
 public:
  explicit attachment(const std::filesystem::path& file) : file_(file) {}

  /// Opens the database, or makes it where there is none.
  [[nodiscard]] std::expected<connection*, failure> open() { return attach(true); }

  /// The connection to the right file, opened anew where it had to be.
  [[nodiscard]] std::expected<connection*, failure> use() { return attach(false); }

  /// Whether what was just written is at the path.
  [[nodiscard]] bool is_here() const noexcept { return connection_ && connection_->look() == presence::here; }

  /// After a failure of kind `lost`: gives the connection up and leaves the files as they are.
  void lost() noexcept;

  void close() noexcept;

 private:
  [[nodiscard]] std::expected<connection*, failure> attach(bool open);
  void detach() noexcept;

  std::filesystem::path file_;
  std::unique_ptr<connection> connection_;
  bool opened_ = false;
  bool damaged_ = false;          // look at every page when it is opened again
  std::string database_id_;       // of the one that was opened
  std::uint64_t generation_ = 0;  // the highest of all connections
};

}  // namespace steward::detail
