// SPDX-License-Identifier: Apache-2.0
//
// The time as people tell it, for what is told of a program. Nothing is measured by it.
#pragma once

#include <chrono>
#include <cstdint>

namespace steward::detail {

/// In milliseconds after 1970.
[[nodiscard]] inline std::int64_t wall_clock_now() noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace steward::detail
