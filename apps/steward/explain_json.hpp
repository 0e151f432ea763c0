// SPDX-License-Identifier: Apache-2.0
//
// Why a unit is as it is, and who has not ended, as JSON, both ways.
#pragma once

#include "status.hpp"
#include "steward/result.hpp"

#include <boost/json/value.hpp>

#include <vector>

namespace steward {

/// Every key is always there; what has no value is null. `text` is `why_text`, for clients that show it; it is not read back.
[[nodiscard]] boost::json::value explanation_to_json(const unit_explanation& from);

/// `{"stragglers": [...]}`.
[[nodiscard]] boost::json::value stragglers_to_json(const std::vector<unit_straggler>& from);

/// Read them back. Keys that are not known are passed over.
/// Errors: everything that is missing or of a wrong type, under its key path.
[[nodiscard]] result<unit_explanation> explanation_from_json(const boost::json::value& from);
[[nodiscard]] result<std::vector<unit_straggler>> stragglers_from_json(const boost::json::value& from);

}  // namespace steward
