// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace steward::detail {

/// Draws the number in [-1, 1) by which jitter spreads a delay: from `given`, or, where that is empty, at random.
/// Errors: 0 if `given` throws (R7).  Threads: any; the generator is the thread's own, seeded by the system.
[[nodiscard]] double draw_spread(const std::function<double()>& given) noexcept;

}  // namespace steward::detail
