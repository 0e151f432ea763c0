// SPDX-License-Identifier: Apache-2.0
#include "steward/detail/unique_fd.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace steward::detail {

void unique_fd::reset(int fd) noexcept {
  const int old = std::exchange(fd_, fd);
  if (old >= 0 && old != fd) {
    const int kept = errno;
    ::close(old);
    errno = kept;
  }
}

unique_fd unique_fd::duplicate() const noexcept { return unique_fd(::fcntl(fd_, F_DUPFD_CLOEXEC, 3)); }

}  // namespace steward::detail
