// SPDX-License-Identifier: Apache-2.0
//
// The life of one entry, from its first start to its last end. Everything here runs on the manager's strand.
#pragma once

#include "steward/detail/contained.hpp"
#include "steward/detail/spread.hpp"
#include "steward/manager.hpp"

#include <algorithm>
#include <string_view>
#include <type_traits>

namespace steward {

namespace detail {

/// Whatever took it down does not count any more.
template <class Key, class Value>
void pardon(manager_entry<Key, Value>& e) {
  if (!e.parked && !e.because_of) return;
  std::unique_ptr<Key> nobody;
  const std::lock_guard guard(e.shard);
  e.parked = false;
  e.because_of.swap(nobody);
}

}  // namespace detail

template <class Key, class Value>
auto manager<Key, Value>::obtain(const Key& key) -> entry& {
  entry* const known = entries_.find(key);
  return known != nullptr ? *known : remember_key(key);
}

// Apart from `obtain`, so that what a pass does with every row stays small.
template <class Key, class Value>
auto manager<Key, Value>::remember_key(const Key& key) -> entry& {
  row_past past = ask_store(&key, [&key](state_store<Key>& store) { return store.recall(key); });
  auto last = past.last ? std::make_unique<exit>(std::move(*past.last)) : nullptr;
  entry& added = entries_.add(key, *this, &process_gone, [&past, &last, now = strand_->now()](entry& made) noexcept {
    made.since = now;
    made.incarnation = past.incarnation;
    made.restarts = past.restarts;
    made.history = std::move(past.history);
    made.last = std::move(last);
    made.generation = made.noticed = past.generation;
    if (!is_settled(past.state) && past.state != row_state::backoff) return;
    made.state = past.state;
    if (past.state == row_state::backoff) made.until = past.until;
  });
  count(static_cast<std::size_t>(added.state), +1);
  if (added.state == row_state::backoff) {
    added.restart = added.reread = true;
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
  if (e.team == nullptr || !detail::planted(detail::bug::move_ignored)) enter_group(e);
  if (e.generation == before) return;
  e.restart = e.circle_told = false;
  if (before != 0) forget_failures(e);  // a new one has none, and its group may have
}

// It was edited, or is started by hand: what failed before that does not count any more, neither its own failures nor those of its group.
template <class Key, class Value>
void manager<Key, Value>::forget_failures(entry& e) {
  {
    const std::lock_guard guard(e.shard);
    e.restarts = 0;
  }
  e.history = {};
  if (e.team == nullptr || e.team->history == restart_history()) return;
  e.team->history = {};
  remember_group(*e.team);
}

template <class Key, class Value>
void manager<Key, Value>::apply_row(entry& e, row<Value> found) {
  e.pass = pass_;
  e.erase = false;  // it may have been deleted, and be back before its process has ended
  e.noticed = found.generation;
  const bool changed = found.generation != e.generation;
  const bool lives = is_alive(e.state);
  if (e.unwanted != (found.wanted == wanted::down)) detail::mark(e, &entry::unwanted, !e.unwanted);
  if (e.parked && !changed && found.wanted == wanted::up) return;
  if (detail::planted(detail::bug::edit_lost_in_start) && e.state == row_state::starting) e.generation = found.generation;
  if (detail::planted(detail::bug::completed_restarted) && e.state == row_state::completed && found.wanted == wanted::up) return launch(e);
  const reconcile_action action = reconcile(e.state, found.wanted, changed);
  const bool recalled = !e.value && e.state == row_state::backoff;
  if (!lives && (changed || !e.value)) take_row(e, std::move(found));
  if (recalled) bound_backoff(e);
  switch (action) {
    case reconcile_action::nothing:
      return;
    case reconcile_action::start:
      e.reread = lives;
      return launch(e);
    case reconcile_action::restart:
      if (!lives && detail::planted(detail::bug::needs_not_edited)) return;
      if (!lives) return launch(e);                                        // was held back, and may wait for others now
      if (e.state == row_state::starting && e.reading != nullptr) return;  // what is read then is newer, or read again
      if (!changed && (!e.asked || e.regroup)) return;                     // it stops by policy, which says what follows
      // NOLINTNEXTLINE(bugprone-use-after-move): what lives has not taken its row
      if (changed && (e.state == row_state::running || e.state == row_state::starting) && follow_edit(e, found)) return;
      ask_to_end(e);
      if (changed) detail::pardon(e);
      e.again = true;
      return;
    case reconcile_action::stop:
      e.again = false;
      return ask_to_end(e);
  }
}

template <class Key, class Value>
void manager<Key, Value>::begin(entry& e) {
  e.asked = e.again = e.erase = e.by_hand = false;
  e.on = strand_;
  e.has_place = true;
  ++starting_;
  if (std::exchange(e.restart, false)) {
    const std::lock_guard guard(e.shard);
    ++e.restarts;
  }
  if (detail::planted(detail::bug::budget_forgotten)) e.history.recent.clear();
  occupy(e);
  set_state(e, row_state::starting);
  if (bring_up(e).start(*strand_)) return;
  started(e, fail(errc::out_of_memory));
  leave(e);
}

// Makes the next incarnation, without starting it.
template <class Key, class Value>
result<> manager<Key, Value>::prepare(entry& e) {
  if (!e.value) return fail(errc::unreadable);
  e.started_at = e.since;
  e.ready_at = {};
  e.late = e.overdue = e.gives_up = false;
  detail::pardon(e);
  {
    const std::lock_guard guard(e.shard);
    ++e.incarnation;
    e.requested = e.forced = false;
  }
  try {
    result<runnable> made = make_(e.key, *e.value);
    if (!made) return fail(std::move(made.error()));
    e.life = make_process(e.key, detail::perhaps_two(std::move(*made)));
    note_requirements(e);
    set_deadline(e, &process_deadlines::start, strand_->now());
  } catch (...) {
    return fail(current_exception_error());
  }
  return {};
}

template <class Key, class Value>
std::unique_ptr<process> manager<Key, Value>::make_process(const Key& key, runnable what) {
  if constexpr (std::is_convertible_v<const Key&, std::string_view>)
    return std::make_unique<process>(*ctx_, std::move(what), std::string_view(key));
  else
    return std::make_unique<process>(*ctx_, std::move(what));
}

// A start has come to its end, one way or the other.
template <class Key, class Value>
void manager<Key, Value>::started(entry& e, const result<>& outcome) {
  if (std::exchange(e.has_place, false)) --starting_;
  if (e.state == row_state::starting) drop_alarm(e);
  if (outcome) {
    e.ready_at = strand_->now();
    if (!e.asked && !e.late) {
      set_state(e, row_state::running, e.ready_at);
      start_those_waiting_for(e.key);
    }
    if (!e.life->watch(e.watch)) e.gone = true;
  } else {
    if (!e.life) e.failure = outcome.error();
    e.gone = true;
  }
  settle_initial(e);
  start_those_held_back();
}

template <class Key, class Value>
void manager<Key, Value>::settle_initial(entry& e) {
  if (std::exchange(e.initial, false)) --initial_;
  if (settled_ != nullptr && first_pass_over_ && initial_ == 0) settled_->stop();
}

// Whatever an entry does, it comes to an end, and no policy starts it again.
template <class Key, class Value>
void manager<Key, Value>::ask_to_end(entry& e, const Key* because_of) {
  leave_regroup(e);
  end(e, because_of);
}

// The same, for one that goes down with its group, and comes back with it.
template <class Key, class Value>
void manager<Key, Value>::end(entry& e, const Key* because_of) {
  switch (e.state) {
    case row_state::stopping:
    case row_state::abandoned:
      e.asked = true;
      return request_end(e);
    case row_state::starting:
    case row_state::running:
      e.asked = true;
      if (because_of != nullptr) blame(e, *because_of);
      set_state(e, row_state::stopping);
      if (e.reading != nullptr) e.reading->stop();
      stop_those_that_require(e);
      return request_end(e);
    case row_state::backoff:
      drop_alarm(e);
      e.restart = false;
      break;
    case row_state::waiting:
      settle_initial(e);
      e.restart = false;
      break;
    case row_state::stopped:
    case row_state::completed:
    case row_state::gave_up:
      if (ending_) return;  // that it is done is true beyond this run
      break;
  }
  if (e.state != row_state::stopped) set_state(e, row_state::stopped);
  rest(e);
}

// Asks the process itself, once, and not before those are gone that must be gone first.
template <class Key, class Value>
void manager<Key, Value>::request_end(entry& e) {
  if (e.dependents != 0 || !e.life || e.requested) return;
  detail::mark(e, &entry::requested, true);
  if (!e.forced) set_deadline(e, &process_deadlines::stop, strand_->now());
  e.life->request_stop();
}

template <class Key, class Value>
void manager<Key, Value>::blame(entry& e, const Key& whom) {
  auto known = std::make_unique<Key>(whom);
  const std::lock_guard guard(e.shard);
  e.because_of.swap(known);
}

template <class Key, class Value>
void manager<Key, Value>::occupy(entry& e) noexcept {
  if (e.users++ == 0 && !std::exchange(e.busy, true)) ++busy_;
}

template <class Key, class Value>
void manager<Key, Value>::leave(entry& e) {
  --e.users;
  if (e.users != 0) return;
  if (e.gone)
    after_end(e);
  else
    rest(e);
}

// An entry may have come to rest. One that is to be forgotten is gone after this.
template <class Key, class Value>
void manager<Key, Value>::rest(entry& e) {
  if (!e.at_rest()) return;
  if (std::exchange(e.busy, false)) --busy_;
  const bool lives_on = e.state == row_state::waiting || e.state == row_state::backoff;
  if (e.erase && !lives_on) forget(e);
  check_idle();
}

template <class Key, class Value>
void manager<Key, Value>::process_gone(work& self) noexcept {
  auto& e = static_cast<entry&>(static_cast<waiter&>(self));
  e.gone = true;
  if (e.users == 0) e.owner.after_end(e);
}

// How the present incarnation has ended, before its process is let go.
template <class Key, class Value>
exit manager<Key, Value>::exit_of(const entry& e) const {
  end_facts facts;
  facts.asked = e.asked;
  facts.late = e.late;
  facts.forced = e.life && e.life->was_forced();
  facts.was_ready = e.ready_at != instant{};
  facts.failure = e.life ? e.life->err() : e.failure.copy();
  exit ended;
  ended.reason = reason_of(facts);
  ended.cause = facts.failure;
  ended.started_at = e.started_at;
  if (facts.was_ready) ended.ready_at = e.ready_at;
  ended.ended_at = strand_->now();
  return ended;
}

template <class Key, class Value>
void manager<Key, Value>::after_end(entry& e) {
  drop_alarm(e);
  const exit ended = exit_of(e);
  if (e.life) release_those_before(e);
  e.life.reset();
  e.gone = false;
  e.dependents = 0;
  e.failure = {};
  const bool by_hand = std::exchange(e.by_hand, false);
  const bool asked = std::exchange(e.asked, false);
  if (!ending_ || !ended.clean()) {  // nobody will ask for that one
    auto kept = std::make_unique<exit>(ended);
    const std::lock_guard guard(e.shard);
    e.last.swap(kept);
  }
  const instant at = *ended.ended_at;
  if (std::exchange(e.again, false) && !ending_ && !e.erase) {
    set_state(e, row_state::stopped, at, &ended);
    e.reread = true;
    launch(e);
  } else if (e.regroup) {
    await_group(e, ended);
  } else if (ending_ || e.erase || asked || (by_hand && !ended.ready_at)) {
    set_state(e, std::exchange(e.gives_up, false) && !ending_ && !e.erase ? row_state::gave_up : row_state::stopped, at, &ended);
  } else {
    follow_policy(e, ended);
  }
  if (!asked) stop_those_that_require(e);
  start_those_held_back();
  rest(e);
}

}  // namespace steward
