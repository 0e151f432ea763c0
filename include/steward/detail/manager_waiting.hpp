// SPDX-License-Identifier: Apache-2.0
//
// Who is held back by a manager, for what, and when their turn comes. Everything here runs on the manager's strand, but for `runs`.
#pragma once

#include "steward/manager.hpp"

#include <algorithm>

namespace steward {

template <class Key, class Value>
std::vector<Key> manager<Key, Value>::needed_by(const Key& key, const Value& value) {
  auto needs = asked_of(options_.after, key, value);
  for (requirement<Key>& each : asked_of(options_.requirements, key, value)) needs.push_back(std::move(each.key));
  return needs;
}

template <class Key, class Value>
bool manager<Key, Value>::runs(const Key& key) const {
  return entries_.look(key, [](const entry* found) { return found != nullptr && found->state == row_state::running; });
}

template <class Key, class Value>
bool manager<Key, Value>::has_place() const noexcept {
  if (detail::planted(detail::bug::places_ignored)) return true;
  return options_.max_starting == 0 || starting_ < options_.max_starting;
}

// Starts an entry, or holds it back until its turn: either way a backoff is over.
template <class Key, class Value>
void manager<Key, Value>::launch(entry& e) {
  drop_alarm(e);
  leave_regroup(e);
  if (e.parked) detail::mark(e, &entry::parked, false);
  if (ending_) {
    set_state(e, row_state::stopped);
    return rest(e);
  }
  if (pass_ == 1 && !e.initial && !first_pass_over_) {
    e.initial = true;
    ++initial_;
  }
  std::vector<Key> needs;
  if (e.value) needs = needed_by(e.key, *e.value);
  if (detail::planted(detail::bug::needs_ignored)) needs.clear();
  const auto absent = std::ranges::find_if(needs, [this](const Key& key) { return !runs(key); });
  if (absent == needs.end() && has_place()) return begin(e);
  detail::entry_queue<entry>::remove(e);
  (absent == needs.end() ? for_a_place_ : for_another_[*absent]).push(e);
  auto known = std::make_unique<std::vector<Key>>(std::move(needs));
  {
    const std::lock_guard guard(e.shard);
    e.needs.swap(known);
  }
  if (e.state != row_state::waiting) set_state(e, row_state::waiting);
}

template <class Key, class Value>
void manager<Key, Value>::start_those_held_back() {
  while (!ending_ && !for_a_place_.empty() && has_place()) launch(for_a_place_.first());
}

// Those that wait for several go on to wait for the next.
template <class Key, class Value>
void manager<Key, Value>::start_those_waiting_for(const Key& key) {
  const auto found = for_another_.find(key);
  if (found == for_another_.end()) return;
  detail::entry_queue<entry>& waiting = found->second;
  while (!ending_ && !waiting.empty()) launch(waiting.first());
}

}  // namespace steward
