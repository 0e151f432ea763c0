// SPDX-License-Identifier: Apache-2.0
#include "steward/program/detail/system_error.hpp"

#include <string>

namespace steward::detail {

error system_error(int number, std::string_view what) noexcept {
  const std::error_code code(number, std::generic_category());
  try {
    return {code, std::string(what) + ": " + code.message()};
  } catch (...) {
    return {code, what};
  }
}

std::unexpected<error> system_failure(int number, std::string_view what) noexcept { return fail(system_error(number, what)); }

}  // namespace steward::detail
