// SPDX-License-Identifier: Apache-2.0
#include "steward/program/open_files.hpp"

#include <sys/resource.h>

#include <atomic>

namespace steward {
namespace {

std::atomic<std::uint64_t> before{0};  // 0: not raised; a process with no open file at all would not get here

}  // namespace

void raise_open_files() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  std::uint64_t never = 0;
  before.compare_exchange_strong(never, limit.rlim_cur);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::optional<std::uint64_t> open_files_before() noexcept {
  const auto found = before.load();
  return found == 0 ? std::nullopt : std::optional(found);
}

}  // namespace steward
