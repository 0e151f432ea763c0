// SPDX-License-Identifier: Apache-2.0
#include "live_view.hpp"

#include "text.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace steward {
namespace {

constexpr std::string_view clear_line = "\x1b[K";
constexpr std::string_view clear_below = "\x1b[J";
constexpr std::size_t smallest_table = 4;  // heading, one unit, "and more", summary

/// The columns of a line that may have colours in it.
std::size_t visible_columns(std::string_view line) {
  std::size_t sum = 0;
  while (!line.empty()) {
    const std::size_t escape = std::min(line.find('\x1b'), line.size());
    sum += columns(line.substr(0, escape));
    line.remove_prefix(escape);
    line.remove_prefix(line.empty() ? 0 : std::min(line.find('m'), line.size() - 1) + 1);
  }
  return sum;
}

/// How soon somebody wants to see a unit in this state.
int urgency(const unit_status& unit) {
  switch (unit.state) {
    case row_state::backoff:
    case row_state::gave_up:
    case row_state::abandoned:
      return 0;
    case row_state::waiting:
    case row_state::starting:
    case row_state::stopping:
      return 1;
    case row_state::stopped:
    case row_state::completed:
      return 2;
    case row_state::running:
      break;
  }
  return 3;
}

std::string_view what_comes(live_phase phase) {
  switch (phase) {
    case live_phase::up:
      return " - Ctrl-C stops everything";
    case live_phase::ending:
      return " - everything is stopping; Ctrl-C again kills what is left";
    case live_phase::ended:
      break;
  }
  return {};
}

/// The lines of a table that fits: heading, units, what was left out, a warning, the summary.
std::vector<std::string> table_lines(const daemon_status& current, wall_time now, const live_style& style, live_phase phase) {
  const std::size_t room = std::max(style.height, smallest_table + 1) - 1;  // the cursor needs a line of its own
  const std::string warning = table_warning(current, now);
  const std::size_t around = 2 + (warning.empty() ? 0 : 1);
  std::vector<unit_status> units = current.units;
  const std::size_t all = units.size();
  if (all + around > room) {
    std::ranges::sort(units, {}, [](const unit_status& each) { return std::pair(urgency(each), std::string_view(each.key)); });
    units.resize(room - around - 1);
  }
  const std::string table = status_table(units, now, {.width = style.width, .colour = style.colour});
  std::vector<std::string> lines;
  for (std::string_view rest = table; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    lines.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  if (units.size() < all) lines.push_back(fitted(fmt::format("and {} more", all - units.size()), style.width));
  if (!warning.empty()) lines.push_back(fitted(std::string_view(warning).substr(0, warning.size() - 1), style.width));
  lines.push_back(fitted(fmt::format("{}{}", status_summary(current.units), what_comes(phase)), style.width));
  return lines;
}

}  // namespace

live_drawing draw_live(const live_frame& before, const daemon_status& current, wall_time now, const live_style& style, live_phase phase) {
  live_drawing out;
  if (!style.terminal) {
    out.frame.units = what_is_shown(current.units);
    out.text = change_lines(before.units, current.units, now);
    return out;
  }
  out.text = to_first_line(before, style.width);
  for (const std::string& line : table_lines(current, now, style, phase)) {
    out.text += fmt::format("{}{}\n", line, clear_line);
    out.frame.lines.push_back(visible_columns(line));
  }
  out.text += clear_below;
  return out;
}

std::string to_first_line(const live_frame& frame, std::size_t width) {
  std::size_t rows = 0;
  for (const std::size_t taken : frame.lines) rows += std::max<std::size_t>(1, (taken + width - 1) / width);
  return rows == 0 ? std::string() : fmt::format("\x1b[{}A\r", rows);
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
