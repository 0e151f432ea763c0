// SPDX-License-Identifier: Apache-2.0
//
// Failures as JSON.
#pragma once

#include "failures.hpp"

#include <boost/json/value.hpp>

#include <vector>

namespace steward {

/// An array; each with `at`, a `text` of one line, and all who `fell`, with how deep under the root.
[[nodiscard]] boost::json::value failures_to_json(const std::vector<unit_failure>& all);

}  // namespace steward
