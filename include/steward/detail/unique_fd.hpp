// SPDX-License-Identifier: Apache-2.0
//
// Owns one file descriptor.
#pragma once

#include <utility>

namespace steward::detail {

/// A file descriptor that is closed with its owner. Empty is -1.
class unique_fd {
 public:
  unique_fd() noexcept = default;
  explicit unique_fd(int fd) noexcept : fd_(fd) {}
  unique_fd(unique_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~unique_fd() { reset(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

  /// Closes what it owns and owns `fd` instead. Keeps errno.
  void reset(int fd = -1) noexcept;

  /// A second descriptor of the same file, close-on-exec; empty when none is left.
  [[nodiscard]] unique_fd duplicate() const noexcept;

 private:
  int fd_ = -1;
};

}  // namespace steward::detail
