// SPDX-License-Identifier: Apache-2.0
//
// What a manager does about a row and what lives of it: decisions, as tables and pure functions.
#pragma once

#include "steward/exit.hpp"
#include "steward/row_state.hpp"
#include "steward/table.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace steward {

/// What to do about a row that a pass has just seen.
enum class reconcile_action : unsigned char {
  nothing,
  start,    ///< it does not live and should
  restart,  ///< end what lives, then start from the row as it is then
  stop,     ///< end what lives, or is to be started, and do not start it again
};

/// What an edit of its row asks of a process that lives. Wire format.
enum class row_edit : unsigned char {
  keep,     ///< nothing: it goes on as it is, with the new value
  reload,   ///< it takes the new value while it runs; if it cannot, it is restarted
  restart,  ///< it is stopped, then started from the new value
  replace,  ///< a second one is started from the new value; when that is ready, the first is stopped
};

/// `"keep"`, `"reload"`, `"restart"`, `"replace"`. Static storage.
[[nodiscard]] std::string_view to_string(row_edit kind) noexcept;
[[nodiscard]] std::optional<row_edit> row_edit_from_string(std::string_view text) noexcept;

/// Decides for one row. Pure.
/// Shape: `changed` tells whether the row's generation is another than the one that the state belongs to. A deleted row counts as `wanted::down`.
[[nodiscard]] constexpr reconcile_action reconcile(row_state state, wanted what, bool changed) noexcept {
  using enum reconcile_action;
  struct decision {
    reconcile_action down, same, edited;
  };
  constexpr std::array<decision, row_states> decisions{{
      {stop, nothing, start},    // waiting: whom it waits for may be others now
      {stop, nothing, restart},  // starting
      {stop, nothing, restart},  // running
      {stop, restart, restart},  // stopping
      {stop, nothing, start},    // backoff
      {nothing, start, start},   // stopped
      {stop, nothing, start},    // completed
      {stop, nothing, start},    // gave_up
      {stop, restart, restart},  // abandoned
  }};
  const decision& of_state = decisions[static_cast<std::size_t>(state)];
  if (what == wanted::down) return of_state.down;
  return changed ? of_state.edited : of_state.same;
}

/// What a total deadline that is over does to one entry.
enum class overdue_action : unsigned char {
  nothing,
  start_is_late,  ///< it is forced, as one that was not ready by its own deadline
  force,          ///< it is asked to stop, whoever must go first, and forced
  abandon,        ///< it was forced before, and still lives
};

/// What a total deadline looks at.
struct overdue_facts {
  row_state state{};
  bool ending = false;       ///< it is the deadline of the end, and not that of the first starts
  bool first_start = false;  ///< its present start is one of the first
  bool lives = false;        ///< it has a process
  bool forced = false;       ///< by the same deadline, before
};

/// Decides for one entry what a total deadline that is over does. Pure.
[[nodiscard]] constexpr overdue_action decide_overdue(const overdue_facts& facts) noexcept {
  using enum overdue_action;
  if (!facts.ending) return facts.first_start && facts.state == row_state::starting ? start_is_late : nothing;
  if (!facts.lives) return nothing;
  if (!facts.forced) return force;
  return facts.state == row_state::stopping ? abandon : nothing;
}

/// Until when a stop that is under way may take after an edit of its limit: it may be shortened, and never lasts longer than it was given first.
/// Pure.
/// Shape: `asked_at` is when it was asked to stop; `until` the instant at which it is forced, zero for never; a `limit` of zero or less is none.
[[nodiscard]] constexpr instant stop_until(instant asked_at, instant until, std::chrono::nanoseconds limit) noexcept {
  if (limit.count() <= 0) return until;
  const instant now_until = later(asked_at, limit);
  return until == instant{} || now_until < until ? now_until : until;
}

/// What follows the end of an incarnation.
enum class sequel : unsigned char {
  start_again,  ///< it was ended for that: at once, from the row as it is then
  with_group,   ///< it comes up again with its group
  stopped,      ///< it stays down: somebody wants that
  gave_up,      ///< it stays down: its group has used up its budget
  by_policy,    ///< it ended by itself: its restart policy says
};

/// What was meant for an incarnation when it ended.
struct sequel_facts {
  bool ending = false;    ///< the run of its manager ends
  bool deleted = false;   ///< its row is gone
  bool asked = false;     ///< it was asked to stop
  bool again = false;     ///< and is to be started again
  bool regroups = false;  ///< it starts again together with its group
  bool gives_up = false;  ///< its group has used up its budget
  bool awaited = false;   ///< it was started by hand and never became ready: what follows is for whoever waits for that to say
};

/// Decides what follows an end. Pure.
[[nodiscard]] constexpr sequel decide_sequel(const sequel_facts& facts) noexcept {
  const bool for_good = facts.ending || facts.deleted;
  if (facts.again && !for_good) return sequel::start_again;
  if (facts.regroups) return sequel::with_group;
  if (!for_good && !facts.asked && !facts.awaited) return sequel::by_policy;
  return facts.gives_up && !for_good ? sequel::gave_up : sequel::stopped;
}

/// What is known of an end, to tell its reason from.
struct end_facts {
  bool asked = false;   ///< somebody asked it to stop
  bool late = false;    ///< it was not ready by its deadline, and was forced for that
  bool forced = false;  ///< its context was stopped before its run had ended
  bool was_ready = false;
  std::optional<error> failure;  ///< what the run returned
};

/// Tells how an incarnation ended. Pure.
[[nodiscard]] exit_reason reason_of(const end_facts& facts) noexcept;

}  // namespace steward
