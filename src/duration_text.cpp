// SPDX-License-Identifier: Apache-2.0
#include "steward/detail/duration_text.hpp"

#include <array>
#include <utility>

namespace steward::detail {

std::string duration_text(std::chrono::nanoseconds duration) {
  using namespace std::chrono_literals;
  constexpr std::array<std::pair<std::chrono::nanoseconds, const char*>, 5> units{{{1h, "h"}, {1min, "m"}, {1s, "s"}, {1ms, "ms"}, {1us, "us"}}};
  if (duration == 0ns) return "0s";
  for (const auto& [unit, name] : units)
    if (duration % unit == 0ns) return std::to_string(duration / unit) + name;
  return std::to_string(duration.count()) + "ns";
}

}  // namespace steward::detail
