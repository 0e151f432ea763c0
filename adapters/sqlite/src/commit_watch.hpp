// SPDX-License-Identifier: Apache-2.0
//
// Notices what other processes commit to a database, and tells those who watch it.
#pragma once

#include "attachment.hpp"
#include "file_events.hpp"
#include "steward/sqlite/detail/row_edits.hpp"
#include "steward/table_watch.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace steward::detail {

/// Those who watch a database, and a thread that sleeps until the files of the database change. Then it asks the connection that writes, to which its
/// own commits are not news, what others have committed. A file changes before the commit can be read, by as long as the flush takes; so it asks
/// again, after twice the time each, until 2 s have passed, and sleeps again. What is flushed later than that is left to the passes of a manager.
///
/// Threads: any.
class commit_watch {
 public:
  explicit commit_watch(const std::filesystem::path& file) : file_(file) {}
  commit_watch(const commit_watch&) = delete;
  commit_watch& operator=(const commit_watch&) = delete;
  ~commit_watch();

  /// One more who is told of each edit. Lifetime: shorter than `in`, and this.
  [[nodiscard]] std::unique_ptr<table_watch> add(attachment& in, table_hint<row_name> hint);

  /// Tells what was edited; when it can be read, and without a lock of the database.
  void tell(const row_edits& edits);

  /// The database was opened anew: nobody knows what has become of it meanwhile.
  void connected() noexcept;

 private:
  using clock = file_events::clock;

  class counted;

  static constexpr std::chrono::milliseconds first_pause{1};
  static constexpr std::chrono::milliseconds last_pause{1024};

  void work(attachment& in) noexcept;
  void look(attachment& in) noexcept;
  [[nodiscard]] std::optional<row_edits> ask(attachment& in);

  const std::filesystem::path file_;
  table_watchers<row_name> watchers_;
  file_events events_;
  std::atomic<std::size_t> watching_{0};
  std::atomic<bool> connected_{false};
  std::atomic<bool> ending_{false};
  std::mutex starting_;  // guards thread_
  std::thread thread_;

  // Of the thread alone.
  bool following_ = false;
  bool missed_ = false;  // what was edited while it could not be read
};

}  // namespace steward::detail
