// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/detail/runnables.hpp"

namespace steward {

/// Runnables side by side: all start at once, the main callback runs while all are ready, all are asked to stop at once.
///
/// Shape: each dependency gets a child of run's context of its own; the main callback gets another, which is stopped when a dependency is lost (P4).
/// No dependencies behave as `nop()`; one alone as itself (P1).
/// Stop: when run's context stops, every dependency is forced at that instant, and each still waits for the main callback (P5, P6).
/// Errors: the callback's, else the dependencies' joined in argument order (P7). If one fails to start, the others are cancelled or wind down,
/// and the main callback never runs (P3). If run's context stops before all are ready, its reason (P12).
/// Threads: dependencies may run at the same time where the scheduler has several threads.
/// Cost: two allocations a run and one a dependency, beside those of its parts; about 260 bytes a dependency.
/// Source: laws P1 to P12. Example: examples/04_parallel.cpp
[[nodiscard]] runnable parallel(std::vector<runnable> dependencies);

template <class... Parts>
  requires(std::convertible_to<Parts, runnable> && ...)
[[nodiscard]] runnable parallel(Parts&&... dependencies) {
  return parallel(detail::runnables_of(std::forward<Parts>(dependencies)...));
}

template <detail::range_of_runnables Range>
[[nodiscard]] runnable parallel(Range&& dependencies) {
  return parallel(detail::runnables_in(std::forward<Range>(dependencies)));
}

}  // namespace steward
