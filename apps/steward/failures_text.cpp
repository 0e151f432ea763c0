// SPDX-License-Identifier: Apache-2.0
#include "failures_text.hpp"

#include "duration_text.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <string_view>
#include <utility>

namespace steward {
namespace {

/// Failures that look the same.
struct alike {
  std::string text;
  wall_time first;
  wall_time last;
  std::size_t count = 0;
};

// Safe for a terminal, whatever the texts of programs have in them.
std::string indented(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += fmt::format("  {}\n", printable(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

std::string failures_text(const std::vector<unit_failure>& all, wall_time now) {
  if (all.empty()) return "nothing has failed lately\n";
  std::map<std::string, alike, std::less<>> kinds;
  for (const unit_failure& each : all) {
    std::string text = each.tree.to_tree();
    alike& kind = kinds.try_emplace(text, alike{.text = text, .first = each.at.front(), .last = {}}).first->second;
    kind.last = each.at.front();
    ++kind.count;
  }
  std::vector<alike> shown;
  shown.reserve(kinds.size());
  for (auto& [text, kind] : kinds) shown.push_back(std::move(kind));
  std::ranges::sort(shown, {}, [](const alike& each) { return std::pair(each.last, std::string_view(each.text)); });
  std::string out;
  for (const alike& each : shown) {
    out += fmt::format("{} ({} ago)", timestamp_text(each.last), short_duration_text(now - each.last));
    if (each.count > 1) out += fmt::format(", {} times since {}", each.count, timestamp_text(each.first));
    out += '\n' + indented(each.text);
  }
  return out;
}

}  // namespace steward
