// SPDX-License-Identifier: Apache-2.0
//
// Why a unit is as it is, who has not ended, and what would be done, for people. Pure functions of values.
#pragma once

#include "api.hpp"
#include "status.hpp"

#include <string>
#include <vector>

namespace steward {

/// In a sentence without a time: `it waits for db, which does not run`.
[[nodiscard]] std::string why_text(const unit_explanation& what);

/// All that is known of why, one line each; what there is nothing to say about is left out.
[[nodiscard]] std::string explanation_sheet(const unit_explanation& what, wall_time now);

/// A table with one line per straggler, under a heading; `nothing is left over` when there is none.
[[nodiscard]] std::string straggler_table(const std::vector<unit_straggler>& all, wall_time now);

/// What would be added and changed, then what would be done, a numbered line each; `nothing would change` when nothing would.
[[nodiscard]] std::string plan_text(const plan_answer& plan);

}  // namespace steward
