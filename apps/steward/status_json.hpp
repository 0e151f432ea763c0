// SPDX-License-Identifier: Apache-2.0
//
// Status as JSON, both ways.
#pragma once

#include "status.hpp"
#include "steward/result.hpp"

#include <boost/json/value.hpp>

#include <string_view>

namespace steward {

/// Every key is always there; what has no value is null. Instants are RFC 3339 in UTC with milliseconds, signals are names.
[[nodiscard]] boost::json::value status_to_json(const unit_status& from);
[[nodiscard]] boost::json::value status_to_json(const daemon_status& from);

/// Reads them back. Keys that are not known are passed over, so that an older command line can talk to a newer daemon.
/// Errors: everything that is missing or of a wrong type, under its key path.
[[nodiscard]] result<unit_status> unit_status_from_json(const boost::json::value& from);
[[nodiscard]] result<daemon_status> daemon_status_from_json(const boost::json::value& from);

}  // namespace steward
