// SPDX-License-Identifier: Apache-2.0
//
// Bugs that a test plants in a manager, to prove that the simulator finds them. Nothing of this is left in a program that does not ask for it.
#pragma once

#ifdef STEWARD_PLANTED_BUGS
#include "steward/parallel.hpp"
#endif
#include "steward/runnable.hpp"

#include <utility>

namespace steward::detail {

enum class bug : unsigned char {
  none,
  stop_lost_in_start,      ///< a stop during a start says that it is done, and does nothing
  stop_does_not_wait,      ///< a stop does not wait until the process is gone
  edit_lost_in_start,      ///< an edit during a start counts as carried out
  failed_pass_deletes,     ///< rows that a failed pass has not seen count as deleted
  completed_restarted,     ///< a pass starts what has completed
  two_processes,           ///< one incarnation is two
  event_dropped,           ///< a state is not told
  stopping_answers,        ///< `get` answers of one that stops
  budget_forgotten,        ///< every restart clears the budget
  backoff_skipped,         ///< every restart is at once
  deadline_ignored,        ///< nobody is forced
  needs_ignored,           ///< a start waits for nobody
  places_ignored,          ///< any number starts at a time
  loss_ignored,            ///< who requires one that is lost goes on
  dependents_not_first,    ///< who is required is asked to stop at once
  member_forgotten,        ///< one of a group is not started again with the others
  hint_is_truth,           ///< a row that was hinted at and cannot be read counts as deleted
  group_not_taken_down,    ///< the others of a group go on
  needs_not_edited,        ///< who waits goes on to wait for whom it needed before an edit
  move_ignored,            ///< an edit does not take a row to another group
  key_forgotten,           ///< a row that cannot be read is reported without its key
  stop_undone,             ///< what was stopped by hand is started again at once
  late_is_truth,           ///< an answer of the table that comes late undoes a newer one
  pass_late,               ///< passes come at half the rate
  predecessor_kept,        ///< who is replaced is not asked to stop
  reload_not_taken,        ///< a reload that has succeeded is told as what was before
  failed_reload_kept,      ///< one that has failed restarts nothing
  store_not_awaited,       ///< a restart does not wait until it is stored
  past_budget_forgotten,   ///< the next manager begins with a whole budget
  past_give_up_forgotten,  ///< and starts what has given up, or is completed
  past_backoff_forgotten,  ///< and what waits for its next start
  outlived_waits,          ///< what has outlived a manager waits for what it needs
  outlived_loses_nothing,  ///< and goes on without what it requires
  outlived_stop_is_lost,   ///< and as if nobody had asked it to stop
  outlived_renumbered,     ///< and is counted as another incarnation
};
inline constexpr unsigned char bugs = 36;

#ifdef STEWARD_PLANTED_BUGS
inline bug planted_now = bug::none;
[[nodiscard]] inline bool planted(bug which) noexcept { return planted_now == which; }
[[nodiscard]] inline runnable perhaps_two(runnable&& what) { return planted(bug::two_processes) ? parallel(what, what) : what; }
#else
[[nodiscard]] constexpr bool planted(bug) noexcept { return false; }
[[nodiscard]] inline runnable perhaps_two(runnable&& what) noexcept { return std::move(what); }
#endif

}  // namespace steward::detail
