// SPDX-License-Identifier: Apache-2.0
#include "unit.hpp"

#include <algorithm>

namespace steward {
namespace {

constexpr std::size_t longest_name = 64;

}  // namespace

std::vector<std::string> needs_of(const unit& what) {
  std::vector<std::string> needs = what.after;
  for (const auto& each : what.requirements) needs.push_back(each.key);
  return needs;
}

bool is_unit_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > longest_name || name.front() == '.' || name.front() == '-') return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '@' || c == '-';
  });
}

}  // namespace steward
