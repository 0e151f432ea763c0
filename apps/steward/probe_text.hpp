// SPDX-License-Identifier: Apache-2.0
//
// What a readiness probe connects to, as text: `host:port` and `http://host:port/path`.
#pragma once

#include "steward/result.hpp"
#include "unit.hpp"

#include <string>
#include <string_view>

namespace steward {

/// Reads `127.0.0.1:80`, `localhost:80` or `[::1]:80`.
/// Errors: one line without the text itself.
[[nodiscard]] result<ready_by_tcp> parse_tcp_probe(std::string_view text);

/// Reads `http://host:port` with an optional path and query.
/// Errors: one line without the text itself: another scheme, no port, a user or a fragment in it, characters that a URL cannot have.
[[nodiscard]] result<ready_by_http> parse_http_probe(std::string_view text);

/// What the parsers read back as the same.
[[nodiscard]] std::string probe_text(const ready_by_tcp& probe);
[[nodiscard]] std::string probe_text(const ready_by_http& probe);

}  // namespace steward
