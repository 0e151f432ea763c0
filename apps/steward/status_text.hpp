// SPDX-License-Identifier: Apache-2.0
//
// Status for people: a table, one unit in full, and one line per change. Pure functions of values.
#pragma once

#include "status.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace steward {

/// How text is laid out.
struct text_style {
  std::size_t width = 0;  ///< terminal columns; 0: as wide as it gets
  bool colour = false;    ///< ANSI colours
};

/// A table with one line per unit, under a heading; every line ends with a line break.
[[nodiscard]] std::string status_table(std::span<const unit_status> units, wall_time now, const text_style& style);

/// All that is known of one unit, one line each.
[[nodiscard]] std::string status_sheet(const unit_status& unit, wall_time now, const text_style& style);

/// `3 running, 1 backoff`; `no units` when there are none.
[[nodiscard]] std::string status_summary(std::span<const unit_status> units);

/// `the table cannot be read since …: …; what runs goes on` as a line, or nothing when it can.
[[nodiscard]] std::string table_warning(const daemon_status& status, wall_time now);

/// How an incarnation ended, in words: `exited with code 1`, `killed by signal 9 (SIGKILL)`, `not ready in time`.
[[nodiscard]] std::string exit_text(const unit_exit& exit);

/// Whether it was asked to end: a unit that gave up without an end of its own went down with its group.
[[nodiscard]] bool was_stopped(const unit_exit& exit) noexcept;

/// `; there is no unit db`; empty for none.
[[nodiscard]] std::string no_such_units(const std::vector<std::string>& missing);

/// What is worth knowing about a unit beside its state: whom it waits for, how it ended last, when it starts next.
[[nodiscard]] std::string status_note(const unit_status& unit, wall_time now);

/// What has been told of a unit: all that the next `change_lines` compares, kept for each unit as long as a daemon runs.
struct shown_unit {
  std::string key;
  row_state state = row_state::stopped;
  std::uint64_t incarnation = 0;
  std::uint64_t generation = 0;
  std::string error;
};

[[nodiscard]] std::vector<shown_unit> what_is_shown(std::span<const unit_status> units);

/// A line for each unit that has come, gone, or changed its state, its incarnation, its generation or its error, in the order of the instants.
/// Shape: both sides by key.
[[nodiscard]] std::string change_lines(std::span<const shown_unit> before, std::span<const unit_status> after, wall_time now);

}  // namespace steward
