// SPDX-License-Identifier: Apache-2.0
#include "live_view.hpp"

#include "status_text.hpp"
#include "text.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace steward {
namespace {

constexpr std::string_view clear_line = "\x1b[K";
constexpr std::string_view clear_below = "\x1b[J";
constexpr std::size_t smallest_table = 4;  // heading, one unit, "and more", summary

/// The lines of a table that fits: heading, units, what was left out, a warning, the summary.
std::vector<std::string> table_lines(const daemon_status& current, wall_time now, const live_style& style) {
  const std::size_t room = std::max(style.height, smallest_table + 1) - 1;  // the cursor needs a line of its own
  const std::string warning = table_warning(current, now);
  const std::size_t around = 2 + (warning.empty() ? 0 : 1);
  std::size_t shown = current.units.size();
  if (shown + around > room) shown = room - around - 1;
  const std::string table = status_table(std::span(current.units).first(shown), now, {.width = style.width, .colour = style.colour});
  std::vector<std::string> lines;
  for (std::string_view rest = table; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    lines.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  if (shown < current.units.size()) lines.push_back(fitted(fmt::format("and {} more", current.units.size() - shown), style.width));
  if (!warning.empty()) lines.push_back(fitted(std::string_view(warning).substr(0, warning.size() - 1), style.width));
  lines.push_back(fitted(fmt::format("{} - Ctrl-C stops everything", status_summary(current.units)), style.width));
  return lines;
}

}  // namespace

live_drawing draw_live(const live_frame& before, const daemon_status& current, wall_time now, const live_style& style) {
  live_drawing out;
  out.frame.units = current.units;
  if (!style.terminal) {
    out.text = change_lines(before.units, current.units, now);
    return out;
  }
  const bool in_place = before.lines > 0 && before.width == style.width;
  if (in_place) out.text += fmt::format("\x1b[{}A\r", before.lines);
  const std::vector<std::string> lines = table_lines(current, now, style);
  for (const std::string& line : lines) out.text += fmt::format("{}{}\n", line, clear_line);
  out.text += clear_below;
  out.frame.lines = lines.size();
  out.frame.width = style.width;
  return out;
}

live_style style_of_terminal(int fd) {
  live_style style;
  if (::isatty(fd) != 1) return style;
  style.terminal = true;
  const char* kind = std::getenv("TERM");           // NOLINT(concurrency-mt-unsafe): nothing here sets the environment
  const char* no_colour = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe)
  style.colour = (no_colour == nullptr || *no_colour == '\0') && (kind == nullptr || std::string_view(kind) != "dumb");
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    style.width = size.ws_col;
    style.height = size.ws_row;
  }
  return style;
}

}  // namespace steward
