// SPDX-License-Identifier: Apache-2.0
#include "steward/duration_text.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace steward {
namespace {

struct time_unit {
  std::string_view name;
  std::int64_t nanoseconds;
};

constexpr std::array<time_unit, 2> whole_units{{{"h", 3'600'000'000'000}, {"m", 60'000'000'000}}};
constexpr std::array<time_unit, 4> units_of_the_rest{{{"s", 1'000'000'000}, {"ms", 1'000'000}, {"us", 1'000}, {"ns", 1}}};

void append(std::string& out, std::int64_t count, const time_unit& unit) {
  out += std::to_string(count / unit.nanoseconds);
  if (const std::int64_t fraction = count % unit.nanoseconds; fraction != 0) {
    const std::string digits = std::to_string(unit.nanoseconds + fraction).substr(1);  // a leading 1 keeps the zeros
    out += '.';
    out += digits.substr(0, digits.find_last_not_of('0') + 1);
  }
  out += unit.name;
}

}  // namespace

std::string duration_text(std::chrono::nanoseconds duration) {
  std::int64_t rest = duration.count();
  if (rest == 0) return "0s";
  std::string out;
  for (const time_unit& unit : whole_units) {
    if (rest >= unit.nanoseconds) append(out, rest - rest % unit.nanoseconds, unit);
    rest %= unit.nanoseconds;
  }
  for (const time_unit& unit : units_of_the_rest) {
    if (rest < unit.nanoseconds) continue;
    append(out, rest, unit);
    break;
  }
  return out;
}

}  // namespace steward
