// SPDX-License-Identifier: Apache-2.0
//
// What is remembered of a unit, as databases of versions up to 0.1.0 have it.
#pragma once

#include "steward/state_store.hpp"

#include <string_view>

namespace steward {

/// Reads the JSON of earlier versions, which the next change of the unit replaces. What cannot be read is as good as not remembered: the counters
/// begin again, and nothing else depends on them.
[[nodiscard]] row_past past_from_json(std::string_view text);

}  // namespace steward
