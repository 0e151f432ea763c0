// SPDX-License-Identifier: Apache-2.0
//
// Carries out what was typed: everything but the daemon, which comes in as a function.
#pragma once

#include "command_line.hpp"
#include "live_view.hpp"
#include "timestamp.hpp"

#include <functional>
#include <iosfwd>

namespace steward {

/// Where a command writes, and what it is told of its surroundings.
struct command_surroundings {
  std::ostream& out;
  std::ostream& err;
  live_style style;  ///< of stdout
  std::function<wall_time()> now;
  std::function<int(const run_options&)> run;
};

/// Does it, and returns the exit code: 0 done, 1 failed, 2 wrong use (a units file with mistakes is one). What goes wrong is told in lines on `err`.
[[nodiscard]] int carry_out(const invocation& what, const command_surroundings& around);

/// The whole of `main`: reads the arguments and carries them out on the real streams.
[[nodiscard]] int command_main(int argc, const char* const* argv, std::function<int(const run_options&)> run);

}  // namespace steward
