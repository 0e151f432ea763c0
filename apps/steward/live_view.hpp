// SPDX-License-Identifier: Apache-2.0
//
// What `steward run` shows while it runs: a table that is redrawn in place on a terminal, a line per change elsewhere.
#pragma once

#include "status.hpp"
#include "status_text.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace steward {

/// Where a live view is shown.
struct live_style {
  bool terminal = false;
  bool colour = false;
  std::size_t width = 80;   ///< columns, on a terminal
  std::size_t height = 24;  ///< lines, on a terminal: a table that is longer is cut, because what has scrolled away cannot be redrawn
};

/// How far the daemon is.
enum class live_phase : unsigned char {
  up,
  ending,  ///< was asked to end; its units are stopping
  ended,   ///< this is the last drawing
};

/// What is on the screen: the input of the next drawing.
struct live_frame {
  std::vector<shown_unit> units;   ///< where each change is a line
  std::vector<std::size_t> lines;  ///< of the last table, on a terminal: how many columns each takes
};

/// What to write to bring the screen from one frame to the next.
struct live_drawing {
  std::string text;
  live_frame frame;
};

/// Draws `current` over `before`. Pure.
/// Shape: `before` of the first drawing is a default one. On a terminal the cursor is left at the start of the line below the table. Of a table that
/// is too long, the units that do not run come first. Elsewhere nothing is written when nothing changed.
[[nodiscard]] live_drawing draw_live(const live_frame& before, const daemon_status& current, wall_time now, const live_style& style,
                                     live_phase phase = live_phase::up);

/// What brings the cursor from below a table to its first line, on a terminal that has become `width` columns wide: lines that were longer take
/// several.
[[nodiscard]] std::string to_first_line(const live_frame& frame, std::size_t width);

/// Whether and how file descriptor `fd` is a terminal, with its size. Colours are off when `NO_COLOR` is set or `TERM` is `dumb`.
[[nodiscard]] live_style style_of_terminal(int fd);

}  // namespace steward
