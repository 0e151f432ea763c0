// SPDX-License-Identifier: Apache-2.0
//
// JSON to and from text, stricter and more exact than the library's own ways.
#pragma once

#include "steward/result.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace steward {

/// Reads one JSON document. Beyond the grammar: a key that appears twice in an object is an error, and numbers are read exactly.
/// Errors: one line with the byte position.
[[nodiscard]] result<boost::json::value> parse_json(std::string_view text);

/// Writes JSON on one line, safe for a terminal: control characters are escaped, those too that JSON lets pass. Numbers are the shortest that read
/// back the same, so equal values give equal text.
[[nodiscard]] std::string json_line(const boost::json::value& value);

/// Writes JSON for people, as safe: two spaces of indent, objects and arrays without content on one line, no line break at the end.
[[nodiscard]] std::string json_pretty(const boost::json::value& value);

}  // namespace steward
