// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/result.hpp"

#include <type_traits>

namespace steward::detail {

/// Calls something of the user's; an exception becomes an error (R7).
template <class F>
[[nodiscard]] auto contained(F&& f) noexcept -> result<std::invoke_result_t<F>> {
  try {
    return f();
  } catch (...) {
    return fail(current_exception_error());
  }
}

}  // namespace steward::detail
