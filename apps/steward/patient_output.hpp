// SPDX-License-Identifier: Apache-2.0
//
// Writing to a terminal or a pipe that somebody may have stopped reading.
#pragma once

#include "steward/detail/unique_fd.hpp"

#include <string>
#include <string_view>

namespace steward {

/// Writes to a descriptor of this process, such as its stdout, and never waits: what does not fit now is kept until `flush`.
///
/// Terminals and pipes are opened anew for that, because others write to the same open file and must not find it non-blocking. Where that is not
/// allowed, little is written at a time, and only when the system says that there is room. Files are written to as they are.
///
/// Threads: one at a time.
class patient_output {
 public:
  /// `fd` outlives this.
  explicit patient_output(int fd);

  /// Writes what fits and keeps the rest; behind what was kept before.
  void write(std::string_view text);

  /// Writes what was kept, as far as it fits. True when nothing is left.
  /// Shape: where nobody will ever read it again, it is dropped.
  bool flush();

  [[nodiscard]] bool behind() const noexcept { return !kept_.empty(); }
  [[nodiscard]] int descriptor() const noexcept { return fd_; }

 private:
  [[nodiscard]] long put(std::string_view text) const;

  enum class way : unsigned char { as_it_is, sent, little_by_little };

  int fd_;
  detail::unique_fd reopened_;
  way way_ = way::as_it_is;
  std::string kept_;
};

}  // namespace steward
