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

/// With the `code` or `signal` of the program that its error tells of: of an error that is stored only the text is read again, and these beside it.
/// One that was forced has the signal with which its whole group was killed. Pure.
[[nodiscard]] exit with_numbers(exit of);

/// The same with instants of the wall clock, as status tells it.
[[nodiscard]] unit_exit to_unit_exit(const exit& from);

}  // namespace steward
