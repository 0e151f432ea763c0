// SPDX-License-Identifier: Apache-2.0
//
// Failures for people. A pure function of values.
#pragma once

#include "failures.hpp"

#include <string>
#include <vector>

namespace steward {

/// Each with its time, the latest last. Equal ones are shown once, with how often.
[[nodiscard]] std::string failures_text(const std::vector<unit_failure>& all, wall_time now);

}  // namespace steward
