// SPDX-License-Identifier: Apache-2.0
#include "unit_exit.hpp"

#include "steward/program/process_group.hpp"

#include <chrono>
#include <csignal>

namespace steward {

wall_time on_the_wall(instant at) {
  const auto ago = std::chrono::steady_clock::now() - at;
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now() - ago);
}

std::optional<wall_time> on_the_wall(const std::optional<instant>& at) {
  if (!at) return std::nullopt;
  return on_the_wall(*at);
}

unit_exit to_unit_exit(const exit& from) {
  unit_exit to;
  to.reason = from.reason;
  if (from.cause) {
    to.error = from.cause->to_string();
    if (const auto ended = exit_of(*from.cause)) {
      if (ended->signal != 0)
        to.signal = ended->signal;
      else
        to.code = ended->code;
    } else if (from.reason == exit_reason::forced) {
      to.signal = SIGKILL;  // to its whole group: how its leader ended does not matter any more
    }
  } else if (from.reason == exit_reason::completed || from.reason == exit_reason::ended_before_ready) {
    to.code = 0;
  }
  to.started_at = on_the_wall(from.started_at);
  to.ready_at = on_the_wall(from.ready_at);
  to.ended_at = on_the_wall(from.ended_at);
  return to;
}

}  // namespace steward
