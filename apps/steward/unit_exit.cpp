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

exit with_numbers(exit of) {
  if (of.code || of.signal) return of;
  if (!of.cause) {
    if (of.reason == exit_reason::completed || of.reason == exit_reason::ended_before_ready) of.code = 0;
  } else if (const auto ended = exit_of(*of.cause)) {
    (ended->signal != 0 ? of.signal : of.code) = ended->signal != 0 ? ended->signal : ended->code;
  } else if (of.reason == exit_reason::forced) {
    of.signal = SIGKILL;  // to its whole group: how its leader ended does not matter any more
  }
  return of;
}

unit_exit to_unit_exit(const exit& from) {
  const exit whole = with_numbers(from);
  unit_exit to;
  to.reason = whole.reason;
  if (whole.cause) to.error = whole.cause->to_string();
  to.code = whole.code;
  to.signal = whole.signal;
  to.started_at = on_the_wall(whole.started_at);
  to.ready_at = on_the_wall(whole.ready_at);
  to.ended_at = on_the_wall(whole.ended_at);
  return to;
}

}  // namespace steward
