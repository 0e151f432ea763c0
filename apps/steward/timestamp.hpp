// SPDX-License-Identifier: Apache-2.0
//
// Instants of the wall clock as text: RFC 3339 in UTC with milliseconds.
#pragma once

#include "steward/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace steward {

/// An instant that people can read and other machines can compare. Never used to measure time: that is `instant`.
using wall_time = std::chrono::sys_time<std::chrono::milliseconds>;

[[nodiscard]] wall_time wall_now() noexcept;

/// `2026-01-31T12:00:00.123Z`.
/// Shape: a year from 0 to 9999.
[[nodiscard]] std::string timestamp_text(wall_time time);

/// Reads what `timestamp_text` writes, and nothing else.
[[nodiscard]] result<wall_time> parse_timestamp(std::string_view text);

}  // namespace steward
