// SPDX-License-Identifier: Apache-2.0
//
// What a manager does with one entry. Everything here runs on the manager's strand.
#pragma once

#include "steward/detail/contained.hpp"
#include "steward/detail/spread.hpp"
#include "steward/manager.hpp"

#include <algorithm>
#include <string_view>
#include <type_traits>

namespace steward {

namespace detail {

/// The delay before a restart. It frees itself when it has run; one that is no longer wanted and cannot be taken back does nothing else.
template <class Key, class Value>
class manager_entry<Key, Value>::backoff_timer final : public timer {
 public:
  backoff_timer(scheduler& on, manager_entry& entry) noexcept : timer(&run, &on), entry_(&entry) {}

  static void drop(backoff_timer* given) noexcept {
    if (given == nullptr) return;
    given->entry_ = nullptr;
    if (given->on->cancel(*given)) delete given;
  }

 private:
  static void run(work& self) noexcept {
    const std::unique_ptr<backoff_timer> me(static_cast<backoff_timer*>(static_cast<waiter*>(&self)));
    if (me->entry_ == nullptr) return;
    me->entry_->timer = nullptr;
    me->entry_->owner.backoff_over(*me->entry_);
  }

  manager_entry* entry_;
};

}  // namespace detail

template <class Key, class Value>
auto manager<Key, Value>::obtain(const Key& key) -> entry& {
  entry* const known = entries_.find(key);
  return known != nullptr ? *known : remember_key(key);
}

// Apart from `obtain`, so that what a pass does with every row stays small.
template <class Key, class Value>
auto manager<Key, Value>::remember_key(const Key& key) -> entry& {
  row_past past;
  if (options_.recall) {
    auto recalled = detail::contained([&] { return options_.recall(key); });
    if (recalled)
      past = *recalled;
    else
      report(&key, recalled.error());
  }
  return entries_.add(key, *this, &process_gone, [&past, now = strand_->now()](entry& made) noexcept {
    made.since = now;
    made.incarnation = past.incarnation;
    made.restarts = past.restarts;
    if (past.completed == 0) return;
    made.generation = past.completed;
    made.state = row_state::completed;
  });
}

template <class Key, class Value>
void manager<Key, Value>::tell(const manager_event<Key>& what) {
  if (!options_.on_event) return;
  try {
    options_.on_event(what);
  } catch (...) {
    (void)current_exception_error();  // counted; there is nobody left to tell
  }
}

template <class Key, class Value>
void manager<Key, Value>::report(const Key* key, const error& problem) {
  manager_event<Key> what;
  what.key = key;
  what.problem = &problem;
  what.at = strand_->now();
  tell(what);
}

template <class Key, class Value>
void manager<Key, Value>::set_state(entry& e, row_state state, instant at, const exit* ended) {
  std::unique_ptr<std::vector<Key>> waits_no_more;
  if (state != row_state::waiting) detail::entry_queue<entry>::remove(e);
  {
    const std::lock_guard guard(e.shard);
    e.state = state;
    e.since = at;
    if (state != row_state::waiting) waits_no_more.swap(e.needs);
  }
  manager_event<Key> what;
  what.key = &e.key;
  what.state = state;
  what.generation = e.generation;
  what.incarnation = e.incarnation;
  what.ended = ended;
  what.at = at;
  tell(what);
}

template <class Key, class Value>
void manager<Key, Value>::set_state(entry& e, row_state state) {
  set_state(e, state, strand_->now());
}

template <class Key, class Value>
void manager<Key, Value>::take_row(entry& e, row<Value> found) {
  const std::lock_guard guard(e.shard);
  if (found.generation != e.generation) {
    e.restarts = 0;
    e.restart = false;
  }
  e.generation = found.generation;
  e.value.swap(found.value);  // the old one is destroyed with the row, without the lock
}

template <class Key, class Value>
void manager<Key, Value>::apply_row(entry& e, row<Value> found) {
  e.pass = pass_;
  e.erase = false;  // it may have been deleted, and be back before its process has ended
  const bool changed = found.generation != e.generation;
  const bool lives = is_alive(e.state);
  const reconcile_action action = reconcile(e.state, found.wanted, changed);
  if (!lives && (changed || !e.value)) {
    take_row(e, std::move(found));
    if (changed) e.history = {};
  }
  switch (action) {
    case reconcile_action::nothing:
      return;
    case reconcile_action::start:
      e.reread = lives;
      return launch(e);
    case reconcile_action::restart:
      if (!lives) return launch(e);                                        // was held back, and may wait for others now
      if (e.state == row_state::starting && e.reading != nullptr) return;  // its start gets the row as it is
      e.again = true;
      ask_to_end(e);
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
  {
    const std::lock_guard guard(e.shard);
    ++e.incarnation;
  }
  try {
    result<runnable> made = make_(e.key, *e.value);
    if (!made) return fail(std::move(made.error()));
    if constexpr (std::is_convertible_v<const Key&, std::string_view>)
      e.life.emplace(*ctx_, std::move(*made), std::string_view(e.key));
    else
      e.life.emplace(*ctx_, std::move(*made));
  } catch (...) {
    return fail(current_exception_error());
  }
  return {};
}

// A start has come to its end, one way or the other.
template <class Key, class Value>
void manager<Key, Value>::started(entry& e, const result<>& outcome) {
  if (std::exchange(e.has_place, false)) --starting_;
  if (outcome) {
    e.ready_at = strand_->now();
    if (!e.asked) {
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
void manager<Key, Value>::ask_to_end(entry& e) {
  switch (e.state) {
    case row_state::stopping:
      return;
    case row_state::abandoned:
      e.asked = true;
      return;
    case row_state::starting:
    case row_state::running:
      e.asked = true;
      set_state(e, row_state::stopping);
      if (e.reading != nullptr) e.reading->stop();
      if (e.life) e.life->request_stop();
      return;
    case row_state::backoff:
      drop_timer(e);
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
  if (e.erase && !lives_on) entries_.erase(e);
  check_idle();
}

template <class Key, class Value>
void manager<Key, Value>::process_gone(work& self) noexcept {
  auto& e = static_cast<entry&>(static_cast<waiter&>(self));
  e.gone = true;
  if (e.users == 0) e.owner.after_end(e);
}

template <class Key, class Value>
void manager<Key, Value>::after_end(entry& e) {
  end_facts facts;
  facts.asked = e.asked;
  facts.forced = e.life && e.life->was_forced();
  facts.was_ready = e.ready_at != instant{};
  facts.failure = e.life ? e.life->err() : e.failure.copy();
  exit ended;
  ended.reason = reason_of(facts);
  ended.cause = facts.failure;
  ended.started_at = e.started_at;
  if (facts.was_ready) ended.ready_at = e.ready_at;
  ended.ended_at = strand_->now();
  if (e.life) dependents_of(e, -1);
  e.life.reset();
  e.gone = false;
  e.failure = {};
  const bool by_hand = std::exchange(e.by_hand, false);
  remember(e, ended);
  if (std::exchange(e.again, false) && !ending_ && !e.erase) {
    set_state(e, row_state::stopped, *ended.ended_at, &ended);
    e.reread = true;
    launch(e);
  } else if (ending_ || e.erase || std::exchange(e.asked, false) || (by_hand && !facts.was_ready)) {
    set_state(e, row_state::stopped, *ended.ended_at, &ended);
  } else {
    follow_policy(e, ended);
  }
  start_those_held_back();
  rest(e);
}

template <class Key, class Value>
void manager<Key, Value>::remember(entry& e, const exit& ended) {
  if (ending_) return;  // nobody will ask
  auto copy = std::make_unique<exit>(ended);
  const std::lock_guard guard(e.shard);
  e.last.swap(copy);
}

template <class Key, class Value>
void manager<Key, Value>::follow_policy(entry& e, const exit& ended) {
  restart_policy policy;
  if (options_.policy) {
    auto asked = detail::contained([&] { return options_.policy(e.key, *e.value); });
    if (asked)
      policy = std::move(*asked);
    else
      report(&e.key, asked.error());
  }
  restart_decision decision = decide_restart(policy, std::move(e.history), ended, detail::draw_spread(options_.spread));
  e.history = std::move(decision.history);
  if (decision.what == verdict::completed) return set_state(e, row_state::completed, *ended.ended_at, &ended);
  if (decision.what == verdict::gave_up) return set_state(e, row_state::gave_up, *ended.ended_at, &ended);
  e.restart = true;
  {
    const std::lock_guard guard(e.shard);
    e.until = *ended.ended_at + decision.delay;
  }
  set_state(e, row_state::backoff, *ended.ended_at, &ended);
  e.reread = true;
  if (decision.delay.count() == 0) return launch(e);
  e.timer = new typename entry::backoff_timer(*strand_, e);
  strand_->post_at(*e.timer, e.until);
}

template <class Key, class Value>
void manager<Key, Value>::backoff_over(entry& e) {
  launch(e);
}

template <class Key, class Value>
void manager<Key, Value>::drop_timer(entry& e) noexcept {
  entry::backoff_timer::drop(std::exchange(e.timer, nullptr));
}

}  // namespace steward
