// SPDX-License-Identifier: Apache-2.0
//
// From how a program ended, on the scheduler's clock, to what status tells of it. Pure but for the look at the clocks.
#pragma once

#include "status.hpp"
#include "steward/exit.hpp"

#include <optional>

namespace steward {

/// A monotonic instant as wall time: as far back from the wall's now as it is from the clock's.
[[nodiscard]] wall_time on_the_wall(instant at);
[[nodiscard]] std::optional<wall_time> on_the_wall(const std::optional<instant>& at);

/// One that was forced has the signal with which its whole group was killed.
[[nodiscard]] unit_exit to_unit_exit(const exit& from);

}  // namespace steward
