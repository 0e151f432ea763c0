// SPDX-License-Identifier: Apache-2.0
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace steward {
namespace {

constexpr std::size_t quoted_limit = 80;  // bytes: long enough to recognise, short enough that a message stays one line on a terminal

/// Damerau-Levenshtein distance in its restricted form: a swap of two neighbours is one step.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

}  // namespace

character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {.point = lead, .bytes = 1, .valid = true};
  const std::size_t length = lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xc2 && lead < 0xe0 ? 2 : 0;
  if (length == 0 || text.size() < length) return {};
  constexpr std::array<unsigned, 5> lead_mask{0, 0, 0x1f, 0x0f, 0x07};
  constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
  char32_t point = lead & lead_mask.at(length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return {};
    point = (point << 6U) | (byte(i) & 0x3fU);
  }
  const bool surrogate = point >= 0xd800 && point < 0xe000;
  if (point < smallest.at(length) || surrogate || point > 0x10ffff) return {};
  return {.point = point, .bytes = length, .valid = true};
}

bool is_control(char32_t point) {
  const bool bidirectional = (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);  // would reorder the rest of the line
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 || point == 0x2029 || bidirectional;
}

namespace {

std::size_t width_of(char32_t point) {
  constexpr std::array<std::pair<char32_t, char32_t>, 9> wide{{{0x1100, 0x115f},
                                                               {0x2e80, 0xa4cf},
                                                               {0xac00, 0xd7a3},
                                                               {0xf900, 0xfaff},
                                                               {0xfe30, 0xfe6f},
                                                               {0xff00, 0xff60},
                                                               {0xffe0, 0xffe6},
                                                               {0x1f300, 0x1faff},
                                                               {0x20000, 0x3fffd}}};
  return std::ranges::any_of(wide, [&](const auto& range) { return point >= range.first && point <= range.second; }) ? 2 : 1;
}

void append_printable(std::string& out, std::string_view text, bool escape_quotes) {
  while (!text.empty()) {
    const character c = first_character(text);
    const std::string_view bytes = text.substr(0, c.bytes);
    if (!c.valid || is_control(c.point)) {
      if (bytes == "\n")
        out += "\\n";
      else if (bytes == "\t")
        out += "\\t";
      else
        for (const char each : bytes) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(each));
    } else if (escape_quotes && (c.point == '"' || c.point == '\\')) {
      out += '\\';
      out += bytes;
    } else {
      out += bytes;
    }
    text.remove_prefix(c.bytes);
  }
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known) {
  std::optional<std::string_view> best;
  std::size_t best_distance = 0;
  for (const std::string_view each : known) {
    const std::size_t longer = std::max(word.size(), each.size());
    const std::size_t allowed = std::max<std::size_t>(1, longer / 3);
    const std::size_t shorter = std::min(word.size(), each.size());
    if (longer - shorter > allowed) continue;
    const std::size_t steps = distance(word, each);
    if (steps > allowed || steps >= longer || (best && steps >= best_distance)) continue;
    best = each;
    best_distance = steps;
  }
  return best;
}

std::string in_quotes(std::string_view text) {
  const bool cut = text.size() > quoted_limit;
  if (cut) {
    std::size_t end = quoted_limit;
    while (end > quoted_limit - 4 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
    text = text.substr(0, end);
  }
  std::string out = "\"";
  append_printable(out, text, true);
  out += cut ? "...\"" : "\"";
  return out;
}

std::string printable(std::string_view text) {
  std::string out;
  append_printable(out, text, false);
  return out;
}

std::string listed(std::span<const std::string_view> words) { return fmt::format("{}", fmt::join(words, ", ")); }

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
  if (const auto near = nearest(word, known)) return fmt::format("; did you mean {}?", in_quotes(*near));
  return fmt::format("; known: {}", listed(known));
}

std::size_t columns(std::string_view text) {
  std::size_t total = 0;
  while (!text.empty()) {
    const character c = first_character(text);
    total += width_of(c.point);
    text.remove_prefix(c.bytes);
  }
  return total;
}

std::string fitted(std::string_view text, std::size_t width) {
  if (columns(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::size_t used = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    const character c = first_character(text.substr(end));
    if (used + width_of(c.point) > width - 1) break;
    used += width_of(c.point);
    end += c.bytes;
  }
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace steward
