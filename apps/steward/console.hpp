// SPDX-License-Identifier: Apache-2.0
//
// What `steward run` shows on its terminal while it runs.
#pragma once

#include "fleet.hpp"
#include "live_view.hpp"

#include <cstdio>
#include <string>

namespace steward {

/// Draws the status of all units whenever one changes, and once a second on a terminal, where times grow.
///
/// Threads: all on one.
class console {
 public:
  console(fleet& units, std::FILE* out) noexcept : units_(units), out_(out) {}

  /// Draws until its context stops, and once more then.
  [[nodiscard]] task<> run(context& ctx, callback ready);

  /// One line, above the table where there is one.
  void say(const std::string& line);

 private:
  [[nodiscard]] task<> keep_drawing(context& ctx);
  void draw();

  fleet& units_;
  std::FILE* out_;
  live_frame frame_;
};

}  // namespace steward
