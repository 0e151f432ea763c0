// SPDX-License-Identifier: Apache-2.0
//
// Sleeps until something happens to the files of a database.
#pragma once

#include "steward/detail/unique_fd.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace steward::detail {

/// inotify on a database, its log and what comes into their directory, with a bell for everything else that there is to wake for.
///
/// Threads: one; only `ring` from any. Cost: nothing while nothing happens.
class file_events {
 public:
  enum class event : unsigned char { none, touched, rung };
  using clock = std::chrono::steady_clock;

  file_events() noexcept;

  /// False: there was no descriptor for it.
  [[nodiscard]] bool usable() const noexcept { return bool(bell_); }

  /// Ends a wait, or the next one.
  void ring() noexcept;
  /// What was rung until now is heard.
  void hush() noexcept;

  /// Follows the files that are there now, and no others; a symbolic link is followed.
  /// Errors: what the system refuses to tell of (it allows each user so many watches) is not followed.
  void follow(const std::filesystem::path& database) noexcept;
  void follow_nothing() noexcept { notifier_.reset(); }

  /// Waits for an event; until then at most. May return `none` early.
  [[nodiscard]] event wait(std::optional<clock::time_point> until) noexcept;

 private:
  [[nodiscard]] bool read_events() noexcept;

  unique_fd bell_;
  unique_fd notifier_;
  int folder_ = -1;  // its number at the notifier
  std::string database_name_;
  std::string log_name_;
};

}  // namespace steward::detail
