// SPDX-License-Identifier: Apache-2.0
#include "duration_text.hpp"

#include "text.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>

namespace steward {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

struct time_unit {
  std::string_view name;
  std::int64_t nanoseconds;
};

// Largest first: the order in which they may follow each other.
constexpr std::array<time_unit, 6> units{
    {{"h", 3'600'000'000'000}, {"m", 60'000'000'000}, {"s", 1'000'000'000}, {"ms", 1'000'000}, {"us", 1'000}, {"ns", 1}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view take_while(std::string_view& text, bool (*wanted)(char)) {
  std::size_t length = 0;
  while (length < text.size() && wanted(text[length])) ++length;
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

std::optional<std::size_t> find_unit(std::string_view name) {
  for (std::size_t i = 0; i < units.size(); ++i)
    if (units.at(i).name == name) return i;
  return std::nullopt;
}

/// `whole.fraction` units in nanoseconds. No value when longer than the longest; exact or refused, never rounded.
result<std::int64_t> scaled(std::string_view whole, std::string_view fraction, std::int64_t unit) {
  std::int64_t total = 0;
  for (const char digit : whole) {
    total = total * 10 + (digit - '0');
    if (total > longest_duration.count() / unit) return fail(error("is longer than ten years"));
  }
  total *= unit;
  for (const char digit : fraction) {
    if (digit != '0' && (unit == 0 || unit % 10 != 0)) return fail(error("is finer than a nanosecond"));
    unit /= 10;
    total += unit * (digit - '0');
  }
  return total;
}

struct part {
  std::size_t unit;
  std::int64_t value;
};

result<part> take_part(std::string_view& text) {
  const std::string_view whole = take_while(text, is_digit);
  std::string_view fraction;
  const bool dotted = text.starts_with('.');
  if (dotted) {
    text.remove_prefix(1);
    fraction = take_while(text, is_digit);
  }
  if (whole.empty() || (dotted && fraction.empty()))
    return fail(error("is not a duration; write a number and a unit, such as \"250ms\" or \"1m30s\""));
  const std::string_view name = take_while(text, [](char c) { return !is_digit(c) && c != '.'; });
  const std::string number = dotted ? fmt::format("{}.{}", whole, fraction) : std::string(whole);
  if (name.empty()) return fail(error(fmt::format("has no unit; write \"{0}s\" for seconds or \"{0}ms\" for milliseconds", number)));
  const auto unit = find_unit(name);
  if (!unit) return fail(error(fmt::format("has the unknown unit {}; units are h, m, s, ms, us, ns", in_quotes(name))));
  const auto value = scaled(whole, fraction, units.at(*unit).nanoseconds);
  if (!value) return fail(value.error());
  return part{.unit = *unit, .value = *value};
}

}  // namespace

result<nanoseconds> parse_duration(std::string_view text) {
  if (text.empty()) return fail(error("is empty; write a number and a unit, such as \"250ms\""));
  if (text.starts_with('-')) return fail(error("is negative; a duration is zero or more"));
  std::int64_t total = 0;
  std::optional<std::size_t> last_unit;
  while (!text.empty()) {
    const auto next = take_part(text);
    if (!next) return fail(next.error());
    if (last_unit && next->unit <= *last_unit) return fail(error("must name larger units first and each once, as in \"1h30m\""));
    last_unit = next->unit;
    total += next->value;
    if (total > longest_duration.count()) return fail(error("is longer than ten years"));
  }
  return nanoseconds(total);
}

std::string short_duration_text(milliseconds duration) {
  const std::int64_t seconds = std::max<std::int64_t>(0, duration.count() / 1000);
  const std::int64_t minutes = seconds / 60;
  const std::int64_t hours = minutes / 60;
  const std::int64_t days = hours / 24;
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (minutes < 60) return minutes < 10 && seconds % 60 != 0 ? fmt::format("{}m{}s", minutes, seconds % 60) : fmt::format("{}m", minutes);
  if (hours < 24) return minutes % 60 != 0 ? fmt::format("{}h{}m", hours, minutes % 60) : fmt::format("{}h", hours);
  return hours % 24 != 0 ? fmt::format("{}d{}h", days, hours % 24) : fmt::format("{}d", days);
}

std::string remaining_text(milliseconds duration) {
  if (duration > duration.zero() && duration < std::chrono::seconds(1)) return fmt::format("{}ms", duration.count());
  return short_duration_text(std::chrono::ceil<std::chrono::seconds>(duration));
}

}  // namespace steward
