// SPDX-License-Identifier: Apache-2.0
#include "steward/table.hpp"

namespace steward {

std::string_view to_string(wanted what) noexcept { return what == wanted::up ? "up" : "down"; }

std::optional<wanted> wanted_from_string(std::string_view text) noexcept {
  if (text == "up") return wanted::up;
  if (text == "down") return wanted::down;
  return std::nullopt;
}

}  // namespace steward
