// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/runnable.hpp"

#include <concepts>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

namespace steward::detail {

/// A range of runnables that is neither a runnable itself nor the vector that combinators take as it is.
template <class Range>
concept range_of_runnables = std::ranges::input_range<Range> && std::convertible_to<std::ranges::range_reference_t<Range>, runnable> &&
                             !std::convertible_to<Range, runnable> && !std::same_as<std::remove_cvref_t<Range>, std::vector<runnable>>;

template <class... Parts>
[[nodiscard]] std::vector<runnable> runnables_of(Parts&&... parts) {
  std::vector<runnable> list;
  list.reserve(sizeof...(parts));
  (list.emplace_back(std::forward<Parts>(parts)), ...);
  return list;
}

template <class Range>
[[nodiscard]] std::vector<runnable> runnables_in(Range&& parts) {
  std::vector<runnable> list;
  for (auto&& part : parts) list.emplace_back(part);
  return list;
}

}  // namespace steward::detail
