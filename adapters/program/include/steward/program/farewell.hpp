// SPDX-License-Identifier: Apache-2.0
//
// How a program is asked to end.
#pragma once

#include <chrono>
#include <csignal>

namespace steward {

/// The signal that asks a program to end, and how long it has from then on.
struct farewell {
  int signal = SIGTERM;
  std::chrono::nanoseconds deadline = std::chrono::seconds(10);  ///< then SIGKILL to its whole group
};

}  // namespace steward
