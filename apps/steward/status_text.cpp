// SPDX-License-Identifier: Apache-2.0
#include "status_text.hpp"

#include "duration_text.hpp"
#include "steward/program/process_group.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <vector>

namespace steward {
namespace {

constexpr std::string_view reset = "\x1b[0m";
constexpr std::size_t longest_key_shown = 64;

std::string_view colour_of(row_state state) {
  switch (state) {
    case row_state::running:
      return "\x1b[32m";
    case row_state::waiting:
    case row_state::starting:
    case row_state::stopping:
      return "\x1b[33m";
    case row_state::backoff:
    case row_state::gave_up:
    case row_state::abandoned:
      return "\x1b[31m";
    case row_state::stopped:
    case row_state::completed:
      return "\x1b[2m";
  }
  return {};
}

std::string age(wall_time since, wall_time now) { return short_duration_text(now - since); }

std::string padded(std::string_view text, std::size_t width) {
  std::string out = fitted(text, width);
  out.append(width - columns(out), ' ');
  return out;
}

std::string padded_left(std::string_view text, std::size_t width) {
  const std::string out = fitted(text, width);
  return std::string(width - columns(out), ' ') + out;
}

/// The cells of one line.
struct shown_row {
  std::string key;
  std::string state;
  std::string pid;
  std::string since;
  std::string restarts;
  std::string note;
  std::string_view colour;
};

shown_row row_of(const unit_status& unit, wall_time now) {
  return {.key = printable(unit.key),
          .state = std::string(to_string(unit.state)),
          .pid = unit.pid ? fmt::format("{}", *unit.pid) : "-",
          .since = age(unit.since, now),
          .restarts = fmt::format("{}", unit.restarts),
          .note = status_note(unit, now),
          .colour = colour_of(unit.state)};
}

struct widths {
  std::size_t key = 0;
  std::size_t state = 0;
  std::size_t pid = 0;
  std::size_t since = 0;
  std::size_t restarts = 0;
};

widths measure(const std::vector<shown_row>& rows, std::size_t whole) {
  widths out;
  for (const shown_row& each : rows) {
    out.key = std::max(out.key, columns(each.key));
    out.state = std::max(out.state, columns(each.state));
    out.pid = std::max(out.pid, columns(each.pid));
    out.since = std::max(out.since, columns(each.since));
    out.restarts = std::max(out.restarts, columns(each.restarts));
  }
  const std::size_t share = whole == 0 ? longest_key_shown : std::max<std::size_t>(8, whole / 3);  // the state must stay in sight
  out.key = std::min({out.key, longest_key_shown, share});
  return out;
}

std::string line_of(const shown_row& cells, const widths& wide, const text_style& style) {
  constexpr std::string_view gap = "  ";
  const std::string key = padded(cells.key, wide.key);
  const std::string state = padded(cells.state, wide.state);
  std::string line = fmt::format("{}{}{}{}{}{}{}{}{}{}{}", key, gap, state, gap, padded_left(cells.pid, wide.pid), gap,
                                 padded_left(cells.since, wide.since), gap, padded_left(cells.restarts, wide.restarts), gap, cells.note);
  line.erase(line.find_last_not_of(' ') + 1);
  if (style.width != 0) line = fitted(line, style.width);
  const std::size_t at = key.size() + gap.size();
  const bool whole = line.size() >= at + cells.state.size() && std::string_view(line).substr(at, cells.state.size()) == cells.state;
  if (style.colour && !cells.colour.empty() && whole) {
    line.insert(at + cells.state.size(), reset);
    line.insert(at, cells.colour);
  }
  line += '\n';
  return line;
}

std::string signal_or_code(const unit_exit& exit) {
  if (!exit.signal && !exit.code) return {};
  return program_exit{.code = exit.code.value_or(0), .signal = exit.signal.value_or(0)}.to_string();
}

std::string joined(std::string_view first, std::string_view second) {
  if (first.empty() || second.empty()) return fmt::format("{}{}", first, second);
  return fmt::format("{}; {}", first, second);
}

std::string end_of(const unit_status& unit) { return unit.exit ? exit_text(*unit.exit) : std::string(); }

/// What the state alone does not say.
std::string state_note(const unit_status& unit, wall_time now) {
  switch (unit.state) {
    case row_state::waiting:
      return unit.waiting_for.empty() ? "for its turn" : fmt::format("for {}{}", fmt::join(unit.waiting_for, ", "), no_such_units(unit.missing));
    case row_state::backoff: {
      if (!unit.next_start_at) return end_of(unit);
      return joined(end_of(unit), fmt::format("starts again in {}", remaining_text(*unit.next_start_at - now)));
    }
    case row_state::starting:
    case row_state::running: {
      if (unit.restarts == 0 || !unit.exit) return {};
      const std::string when = unit.exit->ended_at ? fmt::format(" {} ago", age(*unit.exit->ended_at, now)) : "";
      return fmt::format("last: {}{}", end_of(unit), when);
    }
    case row_state::stopping:
      return {};
    case row_state::abandoned:
      return "was killed, and is not gone";
    case row_state::stopped:
      return unit.exit && unit.exit->reason != exit_reason::stopped ? end_of(unit) : std::string();
    case row_state::completed:
      return end_of(unit);
    case row_state::gave_up:
      if (unit.exit && was_stopped(*unit.exit)) return "went down with its group, whose restart budget is used up";
      return joined(end_of(unit), "its restart budget is used up");
  }
  return {};
}

bool is_change(const shown_unit& before, const unit_status& after) {
  return before.state != after.state || before.incarnation != after.incarnation || before.generation != after.generation ||
         before.error != after.error.value_or("");
}

std::string change_line(const unit_status& unit, wall_time now) {
  std::string line = fmt::format("{} {}: {}", timestamp_text(unit.since), printable(unit.key), to_string(unit.state));
  if (unit.pid) line += fmt::format(", pid {}", *unit.pid);
  const bool restarted = unit.state == row_state::starting || unit.state == row_state::running;
  const std::string note = restarted ? printable(unit.error.value_or("")) : status_note(unit, now);  // how it ended was told when it did
  if (!note.empty()) line += fmt::format("{}{}", unit.state == row_state::waiting && !unit.error ? " " : ", ", note);
  return line + "\n";
}

std::string optional_time(const std::optional<wall_time>& time, wall_time now) {
  return time ? fmt::format("{} ({} ago)", timestamp_text(*time), age(*time, now)) : "-";
}

// With what the last probe has shown, if there was one.
std::string not_in_time(std::string_view why) {
  constexpr std::string_view stop = ": stopped: deadline";
  std::string text = "not ready in time";
  if (why.ends_with(stop)) text += fmt::format(": {}", why.substr(0, why.size() - stop.size()));
  return text;
}

}  // namespace

std::string exit_text(const unit_exit& exit) {
  const std::string how = signal_or_code(exit);
  const std::string why = printable(exit.error.value_or(""));
  switch (exit.reason) {
    case exit_reason::completed:
      return how.empty() ? "completed" : how;
    case exit_reason::stopped:
      return "stopped";
    case exit_reason::failed:
      return how.empty() ? (why.empty() ? "failed" : why) : how;
    case exit_reason::ended_before_ready:
      return joined("ended before it was ready", how);
    case exit_reason::start_deadline:
      return not_in_time(why);
    case exit_reason::forced:
      return "did not stop in time and was killed";
    case exit_reason::exception:
      return why.empty() ? "exception" : why;
  }
  return {};
}

bool was_stopped(const unit_exit& exit) noexcept { return exit.reason == exit_reason::stopped || exit.reason == exit_reason::forced; }

std::string no_such_units(const std::vector<std::string>& missing) {
  return missing.empty() ? std::string() : printable(fmt::format("; there is no unit {}", fmt::join(missing, ", ")));
}

std::string status_note(const unit_status& unit, wall_time now) { return joined(printable(unit.error.value_or("")), state_note(unit, now)); }

std::string status_table(std::span<const unit_status> units, wall_time now, const text_style& style) {
  std::vector<shown_row> rows{{.key = "UNIT", .state = "STATE", .pid = "PID", .since = "SINCE", .restarts = "RESTARTS", .note = "", .colour = {}}};
  for (const unit_status& each : units) rows.push_back(row_of(each, now));
  const widths wide = measure(rows, style.width);
  std::string out;
  for (const shown_row& each : rows) out += line_of(each, wide, style);
  return out;
}

std::string status_sheet(const unit_status& unit, wall_time now, const text_style& style) {
  const std::string state(to_string(unit.state));
  const std::string shown = style.colour ? fmt::format("{}{}{}", colour_of(unit.state), state, reset) : state;
  const std::string note = status_note(unit, now);
  std::vector<std::pair<std::string_view, std::string>> lines{
      {"unit", printable(unit.key)},
      {"state", note.empty() ? shown : fmt::format("{} ({})", shown, note)},
      {"since", optional_time(unit.since, now)},
      {"pid", unit.pid ? fmt::format("{}", *unit.pid) : "-"},
      {"incarnation", fmt::format("{}", unit.incarnation)},
      {"restarts", fmt::format("{}", unit.restarts)},
      {"generation", fmt::format("{}", unit.generation)},
  };
  if (unit.exit) {
    lines.emplace_back("last exit", exit_text(*unit.exit));
    if (unit.exit->error) lines.emplace_back("  error", printable(*unit.exit->error));
    lines.emplace_back("  started", optional_time(unit.exit->started_at, now));
    lines.emplace_back("  ready", optional_time(unit.exit->ready_at, now));
    lines.emplace_back("  ended", optional_time(unit.exit->ended_at, now));
  }
  std::string out;
  for (const auto& [name, value] : lines) out += fmt::format("{:<12} {}\n", name, value);
  return out;
}

std::string status_summary(std::span<const unit_status> units) {
  if (units.empty()) return "no units";
  constexpr std::array order{row_state::running,   row_state::starting, row_state::waiting, row_state::backoff,  row_state::gave_up,
                             row_state::abandoned, row_state::stopping, row_state::stopped, row_state::completed};
  static_assert(order.size() == row_states);
  std::string out;
  for (const row_state state : order) {
    const auto count = std::ranges::count(units, state, &unit_status::state);
    if (count > 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, to_string(state));
  }
  return out;
}

std::string table_warning(const daemon_status& status, wall_time now) {
  if (!status.table_unreadable_since) return {};
  return fmt::format("the table cannot be read for {}: {}; what runs goes on\n", age(*status.table_unreadable_since, now),
                     printable(status.table_error.value_or("unknown reason")));
}

std::vector<shown_unit> what_is_shown(std::span<const unit_status> units) {
  std::vector<shown_unit> shown;
  shown.reserve(units.size());
  for (const unit_status& each : units)
    shown.push_back(
        {.key = each.key, .state = each.state, .incarnation = each.incarnation, .generation = each.generation, .error = each.error.value_or("")});
  return shown;
}

std::string change_lines(std::span<const shown_unit> before, std::span<const unit_status> after, wall_time now) {
  std::multimap<wall_time, std::string> lines;
  auto old = before.begin();
  for (const unit_status& each : after) {
    for (; old != before.end() && old->key < each.key; ++old)
      lines.emplace(now, fmt::format("{} {}: removed\n", timestamp_text(now), printable(old->key)));
    const bool known = old != before.end() && old->key == each.key;
    if (!known || is_change(*old, each)) lines.emplace(each.since, change_line(each, now));
    if (known) ++old;
  }
  for (; old != before.end(); ++old) lines.emplace(now, fmt::format("{} {}: removed\n", timestamp_text(now), printable(old->key)));
  std::string out;
  for (const auto& [time, line] : lines) out += line;
  return out;
}

}  // namespace steward
