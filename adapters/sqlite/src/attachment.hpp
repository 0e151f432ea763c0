// SPDX-License-Identifier: Apache-2.0
//
// The connections as they come and go: what is at the path is looked at before each use.
#pragma once

#include "connection.hpp"

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace steward::detail {

/// A connection for as long as one uses it; nobody takes it away meanwhile.
struct borrowed {
  std::unique_lock<std::mutex> in_use;
  connection* on = nullptr;
};

/// Holds two connections, one that reads and one that writes, to one database for as long as that database is at its path. Each is used by one thread
/// at a time, without regard to the other. They come and go together, while nobody uses either: SQLite shares the index of the log between them, so
/// one must not go on with a log that the other has seen replaced.
///
/// Between `open` and `close` it is always the same database: another one at the path is refused, and a missing one is never made anew, because an
/// empty table would mean that everything is to be stopped (M12).
///
/// Threads: any.
class attachment {
 public:
  /// Shape: `connected` is called whenever the database was opened (anew); it must not wait.
  attachment(const std::filesystem::path& file, std::function<void()> connected) : file_(file), connected_(std::move(connected)) {}

  /// Opens the database, or makes it where there is none.
  [[nodiscard]] std::expected<borrowed, failure> open() { return attach(access::read, true); }

  /// The connection to the right file, opened anew where it had to be.
  [[nodiscard]] std::expected<borrowed, failure> use(access how);

  /// After a failure of kind `lost`: gives the connections up and leaves the files as they are.  Shape: `by` had failed, and is used no more.
  void lost(borrowed by) noexcept;

  void close() noexcept;

  /// Gives back the memory of the pages that one of the connections has read.
  void drop_pages(access of) noexcept;

 private:
  [[nodiscard]] std::expected<borrowed, failure> attach(access how, bool open);
  [[nodiscard]] std::expected<void, failure> connect();
  [[nodiscard]] presence look() const noexcept;
  void detach() noexcept;
  void abandon() noexcept;
  void drop() noexcept;

  std::filesystem::path file_;
  std::function<void()> connected_;
  std::mutex reading_;  // guards reader_
  std::mutex writing_;  // guards writer_; both together guard everything
  std::unique_ptr<connection> writer_;
  std::unique_ptr<connection> reader_;
  bool opened_ = false;
  bool damaged_ = false;          // look at every page when it is opened again
  std::string database_id_;       // of the one that was opened
  std::uint64_t generation_ = 0;  // the highest of all connections
};

}  // namespace steward::detail
