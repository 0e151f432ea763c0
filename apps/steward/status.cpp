// SPDX-License-Identifier: Apache-2.0
#include "status.hpp"

#include <algorithm>
#include <array>

namespace steward {
namespace {

constexpr std::array<std::string_view, 7> names{"waiting", "starting", "running", "stopping", "backoff", "stopped", "completed"};
static_assert(names.size() == static_cast<std::size_t>(unit_state::completed) + 1);

}  // namespace

std::string_view to_string(unit_state state) noexcept { return names[static_cast<std::size_t>(state)]; }

std::optional<unit_state> unit_state_from_string(std::string_view text) noexcept {
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) return std::nullopt;
  return static_cast<unit_state>(found - names.begin());
}

}  // namespace steward
