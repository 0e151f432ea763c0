// SPDX-License-Identifier: Apache-2.0
//
// What should be gone, and is not.
#pragma once

#include "steward/instant.hpp"
#include "steward/obstacle.hpp"

#include <cstdint>

namespace steward {

/// One that should be gone, and is not.
template <class Key>
struct row_straggler {
  Key key;
  std::uint64_t incarnation = 0;
  instant since{};                ///< since when it stops, or is abandoned
  obstacle at = obstacle::stops;  ///< what it has come to: `waits_for_dependents`, `stops` or `forced`
};

}  // namespace steward
