// SPDX-License-Identifier: Apache-2.0
#include "spare_descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace steward {

spare_descriptors::~spare_descriptors() {
  while (spend()) {
  }
}

bool spare_descriptors::spend() {
  if (held_.empty()) return false;
  ::close(held_.back());
  held_.pop_back();
  return true;
}

void spare_descriptors::refill() {
  while (held_.size() < most_) {
    const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    held_.push_back(fd);
  }
}

}  // namespace steward
