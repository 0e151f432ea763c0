// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/detail/runnables.hpp"

namespace steward {

/// Runnables one inside the other: each stage starts when the one before is ready, inside its callback, and ends before it does.
///
/// Shape: stage i+1 gets the context that stage i handed to its callback; the last hands its own to the main callback. No stages behave as `nop()`
/// (CH1). Stop: graceful in the reverse order (CH3). A stage that is lost forces every later one; earlier ones wind down gracefully (CH5). Errors:
/// what a stage returns is what the callback of the stage before returns, so the innermost failure comes out first (CH4). Cost: two allocations a run
/// and one a stage, beside those of its parts. Source: laws CH1 to CH6. Example: examples/03_chain.cpp
[[nodiscard]] runnable chain(std::vector<runnable> stages);

template <class... Stages>
  requires(std::convertible_to<Stages, runnable> && ...)
[[nodiscard]] runnable chain(Stages&&... stages) {
  return chain(detail::runnables_of(std::forward<Stages>(stages)...));
}

template <detail::range_of_runnables Range>
[[nodiscard]] runnable chain(Range&& stages) {
  return chain(detail::runnables_in(std::forward<Range>(stages)));
}

}  // namespace steward
