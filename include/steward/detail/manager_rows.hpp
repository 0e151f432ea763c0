// SPDX-License-Identifier: Apache-2.0
//
// What a manager keeps of each key, and what it does about the row that it has read of one. Everything here runs on the manager's strand.
#pragma once

#include "steward/manager.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace steward {

template <class Key, class Value>
auto manager<Key, Value>::obtain(const Key& key) -> entry& {
  entry* const known = entries_.find(key);
  return known != nullptr ? *known : recall(key);
}

// Apart from `obtain`, so that what a pass does with every row stays small.
template <class Key, class Value>
auto manager<Key, Value>::recall(const Key& key) -> entry& {
  row_past past = ask_store(&key, [&key](state_store<Key>& store) { return store.recall(key); });
  if (detail::planted(detail::bug::past_budget_forgotten)) past.history = {};
  if (detail::planted(detail::bug::past_give_up_forgotten) && is_settled(past.state)) past.state = row_state::stopped;
  if (detail::planted(detail::bug::past_backoff_forgotten) && past.state == row_state::backoff) past.state = row_state::stopped;
  const bool outlived = asked_of(options_.outlived, key);
  auto last = past.last ? std::make_unique<exit>(std::move(*past.last)) : nullptr;
  entry& added = entries_.add(key, *this, &process_gone, [&, now = strand_->now()](entry& made) noexcept {
    made.since = now;
    made.incarnation = past.incarnation + (outlived && detail::planted(detail::bug::outlived_renumbered) ? 1 : 0);
    made.restarts = past.restarts;
    made.history = std::move(past.history);
    made.last = std::move(last);
    made.generation = made.noticed = past.generation;
    made.outlived = outlived;
    if (outlived && is_going(past.state) && !detail::planted(detail::bug::outlived_stop_is_lost))
      made.inherited = past.parked ? sequel::stopped : sequel::start_again;
    made.parked = past.parked && !outlived;
    if (outlived && past.state == row_state::running) made.ready_at = std::min(past.since, now);
    if (outlived) return;
    const bool goes_on = past.state == row_state::backoff && !ending_;  // in the end nobody is started again: the next run goes on with it
    if (is_settled(past.state) || goes_on) made.state = past.state;
    if (made.state != past.state) return;
    if (past.since != instant{}) made.since = std::min(past.since, now);  // a clock may have been set back
    if (goes_on) made.until = past.until;
  });
  count(static_cast<std::size_t>(added.state), +1);
  if (added.state == row_state::backoff) {
    added.cause = detail::start_cause::policy;
    added.alarm = detail::alarm<entry>::set(*strand_, added.until, &alarm_over, added);
  }
  return added;
}

template <class Key, class Value>
void manager<Key, Value>::forget(entry& e) {
  count(static_cast<std::size_t>(e.state), -1);
  leave_group(e);
  (void)ask_store(&e.key, [&e](state_store<Key>& store) {
    store.forget(e.key);
    return true;
  });
  entries_.erase(e);
}

template <class Key, class Value>
void manager<Key, Value>::take_row(entry& e, row<Value> found) {
  const std::uint64_t before = e.generation;
  {
    const std::lock_guard guard(e.shard);
    e.generation = e.noticed = found.generation;
    e.value.swap(found.value);  // the old one is destroyed with the row, without the lock
  }
  if (e.group == nullptr || !detail::planted(detail::bug::move_ignored)) enter_group(e);
  if (e.generation == before) return;
  e.circle_told = false;
  detail::stay_down_no_more(e);
  if (before == 0) return;  // a new one has none, and its group may have
  forget_failures(e);
  // Or the next manager would forgive them once more. What it had settled for it has no longer.
  remember(e, e.life ? e.state : row_state::stopped);
}

// It was edited, or is started by hand: what failed before that does not count any more, neither its own failures nor those of its group.
template <class Key, class Value>
void manager<Key, Value>::forget_failures(entry& e) {
  detail::mark(e, &entry::restarts, 0);
  e.history = {};
  e.counted = false;
  if (e.group == nullptr || e.group->history == restart_history()) return;
  e.group->history = {};
  remember_group(*e.group);
}

template <class Key, class Value>
void manager<Key, Value>::apply_row(entry& e, row<Value> found) {
  e.erase = false;  // it may have been deleted, and be back before its process has ended
  e.noticed = found.generation;
  const bool changed = found.generation != e.generation;
  if (e.unwanted != (found.wanted == wanted::down)) detail::mark(e, &entry::unwanted, !e.unwanted);
  if (detail::planted(detail::bug::edit_lost_in_start) && e.state == row_state::starting) e.generation = found.generation;
  if (detail::planted(detail::bug::completed_restarted) && e.state == row_state::completed && found.wanted == wanted::up) return launch(e);
  if (changed && e.state == row_state::stopping) hasten(e, *found.value);
  const row_action action = decide_row(detail::facts_of(e), found.wanted, changed);
  const bool recalled = !e.value && e.state == row_state::backoff;
  // What is being read is as new; where it cannot be read, this is what was known of it last.
  const bool reads_for_itself = e.state == row_state::starting && e.reading != nullptr && e.cause != detail::start_cause::hand;
  const bool is_last_known = reads_for_itself && action == row_action::nothing && changed;
  if (is_last_known || (!is_alive(e.state) && (changed || !e.value))) take_row(e, std::move(found));
  if (recalled) bound_backoff(e);
  switch (action) {
    case row_action::nothing:
      return;
    case row_action::start:
      if (e.state == row_state::waiting && detail::planted(detail::bug::needs_not_edited)) return;
      e.cause = detail::start_cause::row;
      return launch(e);
    case row_action::edit:
      if (follow_edit(e, found)) return;  // NOLINT(bugprone-use-after-move): what lives has not taken its row
      [[fallthrough]];
    case row_action::restart:
      wind_down(e, sequel::start_again);
      if (changed) {
        detail::stay_down_no_more(e);
        detail::pardon(e);
      }
      return;
    case row_action::stop:
      return wind_down(e, sequel::stopped);
  }
}

}  // namespace steward
