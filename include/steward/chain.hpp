// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/runnable.hpp"

#include <ranges>
#include <vector>

namespace steward {

/// Runnables one inside the other: each stage starts when the one before is ready, inside its callback, and ends before it does.
///
/// Shape: stage i+1 gets the context that stage i handed to its callback; the last hands its own to the main callback. No stages behave as `nop()` (CH1).
/// Stop: graceful in the reverse order (CH3). A stage that is lost forces every later one; earlier ones wind down gracefully (CH5).
/// Errors: what a stage returns is what the callback of the stage before returns, so the innermost failure comes out first (CH4).
/// Cost: one allocation a run, and one frame a stage.
/// Source: laws CH1 to CH6. Example: examples/03_chain.cpp
[[nodiscard]] runnable chain(std::vector<runnable> stages);

template <class... Stages>
  requires(std::convertible_to<Stages, runnable> && ...)
[[nodiscard]] runnable chain(Stages&&... stages) {
  std::vector<runnable> list;
  list.reserve(sizeof...(stages));
  (list.emplace_back(std::forward<Stages>(stages)), ...);
  return chain(std::move(list));
}

template <std::ranges::input_range Range>
  requires(std::convertible_to<std::ranges::range_reference_t<Range>, runnable> && !std::convertible_to<Range, runnable> &&
           !std::same_as<std::remove_cvref_t<Range>, std::vector<runnable>>)
[[nodiscard]] runnable chain(Range&& stages) {
  std::vector<runnable> list;
  for (auto&& stage : stages) list.emplace_back(stage);
  return chain(std::move(list));
}

}  // namespace steward
