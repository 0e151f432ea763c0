// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace steward::detail {

/// The names of a closed set that is wire format: one pair a value.
template <class Enum, std::size_t Size>
using enum_names = std::array<std::pair<Enum, std::string_view>, Size>;

/// The name of a value; empty if it has none.
template <class Enum, std::size_t Size>
[[nodiscard]] constexpr std::string_view name_of(const enum_names<Enum, Size>& names, Enum what) noexcept {
  for (const auto& [each, name] : names)
    if (each == what) return name;
  return {};
}

/// The value of that name, exactly.
template <class Enum, std::size_t Size>
[[nodiscard]] constexpr std::optional<Enum> with_name(const enum_names<Enum, Size>& names, std::string_view text) noexcept {
  for (const auto& [each, name] : names)
    if (name == text) return each;
  return std::nullopt;
}

}  // namespace steward::detail
