// SPDX-License-Identifier: Apache-2.0
//
// What is remembered of a unit, as the text that the database keeps.
#pragma once

#include "steward/state_store.hpp"

#include <string>
#include <string_view>

namespace steward {

/// JSON. Instants, which belong to the clock of one boot, become wall time in milliseconds.
[[nodiscard]] std::string past_to_text(const row_past& past);

/// Reads it back, also that of earlier versions. What cannot be read is as good as not remembered: the counters begin again, and nothing else depends
/// on them.
[[nodiscard]] row_past past_from_text(std::string_view text);

}  // namespace steward
