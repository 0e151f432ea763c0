// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/error.hpp"

#include <expected>

namespace steward {

/// What an operation returns: its value, or the error that kept it from one.
template <class T = void>
using result = std::expected<T, error>;

/// An error on its way into a `result`: `return steward::fail(errc::not_found);`
[[nodiscard]] inline std::unexpected<error> fail(error why) noexcept { return std::unexpected<error>(std::move(why)); }

}  // namespace steward
