// SPDX-License-Identifier: Apache-2.0
//
// Errors of system calls as `error` values.
#pragma once

#include "steward/result.hpp"

#include <string_view>

namespace steward::detail {

/// `what: Permission denied`, with `number` as its code in the generic category.
[[nodiscard]] error system_error(int number, std::string_view what) noexcept;

/// The same, on its way into a `result`.
[[nodiscard]] std::unexpected<error> system_failure(int number, std::string_view what) noexcept;

}  // namespace steward::detail
