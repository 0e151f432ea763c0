// SPDX-License-Identifier: Apache-2.0
#include "steward/program/detail/spare_descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace steward::detail {

spare_descriptors::~spare_descriptors() { (void)hold(0); }

std::error_code spare_descriptors::hold(std::size_t count) {
  while (held_.size() > count) (void)spend();
  held_.reserve(count);
  while (held_.size() < count) {
    const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return {errno, std::generic_category()};
    held_.push_back(fd);
  }
  return {};
}

bool spare_descriptors::spend() {
  if (held_.empty()) return false;
  ::close(held_.back());
  held_.pop_back();
  return true;
}

}  // namespace steward::detail
