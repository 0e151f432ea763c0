// SPDX-License-Identifier: Apache-2.0
//
// What `steward run` shows on its terminal while it runs.
#pragma once

#include "fleet.hpp"
#include "live_view.hpp"
#include "patient_output.hpp"

#include <string>

namespace steward {

/// Draws the status of all units whenever one changes, and once a second on a terminal, where times grow. Nobody waits for a terminal or pipe that
/// takes nothing: what cannot be shown now is left out, and when there is room again the newest is shown.
///
/// Threads: all on one.
class console {
 public:
  /// Shows the table on descriptor `out`, and lines that are said on `err`.
  console(fleet& units, int out, int err) : units_(units), out_(out), err_(err) {}

  /// Draws until its context stops, and once more then.
  [[nodiscard]] task<> run(context& ctx, callback ready);

  /// Everything is to end now: the table says so.
  void ending();

  /// One line, above the table where there is one.
  void say(const std::string& line);

 private:
  [[nodiscard]] task<> keep_drawing(context& ctx);
  [[nodiscard]] task<> finish(context& ctx);
  [[nodiscard]] bool behind() const noexcept { return out_.behind() || err_.behind() || !said_.empty(); }
  void catch_up();
  void draw();

  fleet& units_;
  patient_output out_;
  patient_output err_;
  std::string said_;  // and not shown yet
  live_frame frame_;
  live_phase phase_ = live_phase::up;
};

}  // namespace steward
