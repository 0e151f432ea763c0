// SPDX-License-Identifier: Apache-2.0
//
// What a manager tells, and the one place where the state of an entry changes. Everything here runs on the manager's strand.
#pragma once

#include "steward/manager.hpp"

namespace steward {

template <class Key, class Value>
void manager<Key, Value>::tell(const manager_event<Key>& what) {
  events_.publish([&what] { return manager_record<Key>(what); });
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
  std::unique_ptr<detail::entry_wait<entry, Key>> waits_no_more;
  if (state != row_state::waiting) detail::entry_queue<entry>::remove(e);
  const row_state before = e.state;
  if (state == row_state::stopped || is_settled(state)) e.counted = false;
  if (e.makes_sure && e.reading != nullptr) std::exchange(e.reading, nullptr)->stop();
  count(static_cast<std::size_t>(before), -1);
  count(static_cast<std::size_t>(state), +1);
  {
    const std::lock_guard guard(e.shard);
    e.state = state;
    e.since = at;
    e.makes_sure = false;
    if (state != row_state::backoff) e.until = {};
    if (state != row_state::waiting) waits_no_more.swap(e.wait);
  }
  if (is_going(before) && !is_going(state)) {
    const auto [first, last] = waiting_for_end_.equal_range(e.key);
    for (auto each = first; each != last; ++each) each->second->stop();
  }
  const bool is_only_interrupted = ending_ && before == row_state::backoff;  // the next run goes on with it
  const bool says_nothing = state == row_state::starting;                    // after a crash it is started in any case
  if (!is_only_interrupted && !says_nothing) remember(e, state);
  if (detail::planted(detail::bug::event_dropped) && state == row_state::running && e.incarnation > 1) return;
  manager_event<Key> what;
  what.key = &e.key;
  what.state = state;
  what.generation = e.generation;
  what.incarnation = e.incarnation;
  what.ended = ended;
  if (state == row_state::backoff) what.until = e.until;
  what.because_of = e.because_of.get();
  what.at = at;
  tell(what);
  if (!is_alive(state)) detail::give_back_number(e);
}

template <class Key, class Value>
void manager<Key, Value>::set_state(entry& e, row_state state) {
  set_state(e, state, strand_->now());
}

// Written on the strand alone, so a plain addition is enough; read by anybody.
template <class Key, class Value>
void manager<Key, Value>::count(std::size_t which, int change) noexcept {
  std::atomic<std::size_t>& of = counts_[which];
  of.store(of.load(std::memory_order_relaxed) + static_cast<std::size_t>(change), std::memory_order_relaxed);
}

}  // namespace steward
