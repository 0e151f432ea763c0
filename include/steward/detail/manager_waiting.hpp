// SPDX-License-Identifier: Apache-2.0
//
// Who is held back by a manager, for what, and when their turn comes. Everything here runs on the manager's strand, but for `runs`.
#pragma once

#include "steward/manager.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace steward {

namespace detail {

/// What is said of one that waits for itself, with the way round where keys are text or numbers.
template <class Key>
[[nodiscard]] std::string circle_text(const std::vector<Key>& way) {
  std::string text = "it waits in a circle, which never ends";
  if constexpr (std::is_convertible_v<const Key&, std::string_view> || std::is_arithmetic_v<Key>) {
    for (std::size_t i = 0; i < way.size(); ++i) {
      text += i == 0 ? ": " : " -> ";
      if constexpr (std::is_arithmetic_v<Key>)
        text += std::to_string(way[i]);
      else
        text += std::string_view(way[i]);
    }
  }
  return text;
}

}  // namespace detail

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
  detail::drop_alarm(e);
  go_alone(e);
  if (e.parked) detail::mark(e, &entry::parked, false);
  if (ending_) {
    if (e.state != row_state::stopped) set_state(e, row_state::stopped);
    return rest(e);
  }
  const bool to_be_stored = e.counted && options_.store != nullptr && !detail::planted(detail::bug::store_not_awaited);
  if (to_be_stored) return launch_when_sure(e);
  if (passes_ == 0 && !e.initial) {
    e.initial = true;
    ++initial_;
  }
  if (e.outlived && !detail::planted(detail::bug::outlived_waits)) return begin(e);
  std::vector<Key> needs;
  if (e.value) needs = needed_by(e.key, *e.value);
  if (detail::planted(detail::bug::needs_ignored)) needs.clear();
  const auto absent = std::ranges::find_if(needs, [this](const Key& key) { return !runs(key); });
  if (absent != needs.end()) {
    detail::entry_queue<entry>& behind = for_another_[*absent];
    hold_back(e, behind, std::move(needs));
    return tell_of_circle(e);
  }
  if (!has_place()) return hold_back(e, for_a_place_, std::move(needs));
  begin(e);
}

template <class Key, class Value>
void manager<Key, Value>::hold_back(entry& e, detail::entry_queue<entry>& behind, std::vector<Key> needs) {
  detail::entry_queue<entry>::remove(e);
  detail::mark(e, &entry::wait, std::make_unique<detail::entry_wait<entry, Key>>(std::move(needs)));
  behind.push(e);
  if (e.state != row_state::waiting) set_state(e, row_state::waiting);
}

// Those that wait for nobody but each other are queued in a circle, each for the next: whoever closes it finds somebody waiting for itself.
template <class Key, class Value>
void manager<Key, Value>::tell_of_circle(entry& e) {
  if (e.circle_told) return;
  const auto waiting = for_another_.find(e.key);
  if (waiting == for_another_.end() || waiting->second.empty()) return;
  const std::vector<Key> way = cycle_through(e.key);
  if (way.empty()) return;
  e.circle_told = true;
  report(&e.key, error(errc::would_wait_for_itself, detail::circle_text(way)));
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
