// SPDX-License-Identifier: Apache-2.0
//
// The end of a child by its pidfd.
#pragma once

#include <sys/wait.h>

#include <cerrno>

namespace steward::detail {

/// `waitid` for this child and its end, begun again after each signal. `into` may be null; `how` may be `WNOHANG`.
/// Shape: as `waitid`, 0 or -1 with `errno`.
inline int wait_child(int pidfd, siginfo_t* into, int how = 0) noexcept {
  constexpr auto by_pidfd = static_cast<idtype_t>(3);  // P_PIDFD, not in every C library's headers
  int outcome = 0;
  do {
    outcome = ::waitid(by_pidfd, static_cast<id_t>(pidfd), into, WEXITED | how);
  } while (outcome != 0 && errno == EINTR);
  return outcome;
}

}  // namespace steward::detail
