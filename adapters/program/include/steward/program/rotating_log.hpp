// SPDX-License-Identifier: Apache-2.0
//
// A file that a program's output goes to, with a limit.
#pragma once

#include "steward/detail/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace steward {

/// Where a log goes, and how much of it is kept.
struct log_options {
  std::string file;                               ///< older parts are `file.1`, `file.2`, …; empty: the output is thrown away
  std::uint64_t size = std::uint64_t{10} << 20U;  ///< bytes after which a new part begins; at least 1
  unsigned parts = 2;                             ///< how many are kept, the present one included; at least 1
};

/// Appends to a log, and begins a new part at the end of a line. A line that has begun in a part may make it longer than its size, by 64 KiB and by
/// its size at most; what is longer is cut, so that the bound holds for output without line breaks too.
///
/// Nothing here fails: what cannot be written is dropped and counted, because a program must never wait for its log. When writing works again, one
/// line tells how much is missing. A file that was deleted is made again, with its folder. Threads: one at a time.  Cost: one write(2) a call; it may
/// wait for the disk as any buffered write.
class rotating_log {
 public:
  /// Lifetime: the options outlive it.
  explicit rotating_log(const log_options& options) : options_(options) {}
  explicit rotating_log(log_options&&) = delete;

  void write(std::string_view bytes) noexcept;

  /// Bytes that could not be written so far.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

  /// Why the last bytes could not be written; empty when they could.
  [[nodiscard]] std::error_code trouble() const noexcept { return trouble_; }

 private:
  bool open() noexcept;
  [[nodiscard]] bool is_deleted() const noexcept;
  void drop(std::string_view bytes) noexcept;
  void rotate() noexcept;
  bool put(std::string_view bytes) noexcept;

  const log_options& options_;
  detail::unique_fd fd_;
  std::uint64_t written_ = 0;  // into the present part
  bool at_line_start_ = true;  // as far as it is known: what an earlier writer left may be half a line
  std::uint64_t dropped_ = 0;
  std::uint64_t unreported_ = 0;
  std::error_code trouble_;
};

/// Where to cut `bytes`, the first of which goes to offset `written` of a part of `size` bytes: so many go there before a new part begins.
/// Shape: all of them if no new part has to begin; none if the part is full. Cuts behind a newline, the last one that fits or else the first one
/// within 64 KiB (and `size`) beyond that, or else there. Pure.
[[nodiscard]] std::size_t place_to_cut(std::string_view bytes, std::uint64_t written, std::uint64_t size) noexcept;

}  // namespace steward
