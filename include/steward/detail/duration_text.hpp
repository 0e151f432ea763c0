// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

namespace steward::detail {

/// For messages: `1500ms`, `10s`, `1m`: a whole number of the largest unit that loses nothing.
[[nodiscard]] std::string duration_text(std::chrono::nanoseconds duration);

}  // namespace steward::detail
