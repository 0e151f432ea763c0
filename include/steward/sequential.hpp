// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/detail/runnables.hpp"

namespace steward {

/// As `parallel`, but one after the other: a dependency starts when the one before is ready, and in a graceful end each has ended before the next,
/// in the same order, is asked to stop.
///
/// Contexts do not nest: a lost dependency does not force later ones. `chain` is the nested one, which stops in the reverse order.
/// Errors: as `parallel`; after a failed start no later dependency is started (S2).
/// Source: laws S1 and S2.
[[nodiscard]] runnable sequential(std::vector<runnable> dependencies);

template <class... Parts>
  requires(std::convertible_to<Parts, runnable> && ...)
[[nodiscard]] runnable sequential(Parts&&... dependencies) {
  return sequential(detail::runnables_of(std::forward<Parts>(dependencies)...));
}

template <detail::range_of_runnables Range>
[[nodiscard]] runnable sequential(Range&& dependencies) {
  return sequential(detail::runnables_in(std::forward<Range>(dependencies)));
}

}  // namespace steward
