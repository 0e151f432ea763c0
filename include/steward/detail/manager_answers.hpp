// SPDX-License-Identifier: Apache-2.0
//
// What a manager answers at any instant, from any thread, without keeping anybody: each entry as it is when it is looked at.
#pragma once

#include "steward/manager.hpp"

namespace steward {

namespace detail {

template <class Key, class Value>
row_status<Key> status_of(const manager_entry<Key, Value>& e) {
  row_status<Key> known;
  known.state = e.state;
  known.generation = e.generation;
  known.incarnation = e.incarnation;
  known.restarts = e.restarts;
  known.since = e.since;
  if (e.state == row_state::backoff) known.until = e.until;
  if (e.last) known.last = *e.last;
  if (e.because_of) known.because_of = *e.because_of;
  if (e.wait) known.waiting_for = e.wait->needs;
  return known;
}

template <class Key, class Value>
explanation<Key> explanation_of(const manager_entry<Key, Value>& e) {
  explanation<Key> told;
  told.state = e.state;
  told.since = e.since;
  told.why = obstacle_of({.state = e.state,
                          .unwanted = e.unwanted,
                          .parked = e.parked,
                          .needs_others = e.wait && !e.wait->needs.empty(),
                          .with_group = e.follows == sequel::with_group,
                          .makes_sure = e.makes_sure,
                          .requested = e.request != end_request::none,
                          .forced = is_forced(e.request)});
  if (e.until != instant{}) told.until = e.until;
  if (e.wait) told.waiting_for = e.wait->needs;
  if (e.because_of) told.because_of = *e.because_of;
  if (e.last) told.last = *e.last;
  return told;
}

}  // namespace detail

template <class Key, class Value>
auto manager<Key, Value>::get(const Key& key) const -> result<value_pointer> {
  return entries_.look(key, [](const entry* e) -> result<value_pointer> {
    if (e == nullptr) return fail(errc::process_not_found);
    if (detail::planted(detail::bug::stopping_answers) && e->state == row_state::stopping) return e->value;
    switch (e->state) {
      case row_state::running:
        return e->value;
      case row_state::starting:
      case row_state::stopping:
      case row_state::abandoned:
        return fail(errc::process_not_running);
      default:
        return fail(errc::process_not_found);
    }
  });
}

template <class Key, class Value>
std::optional<row_status<Key>> manager<Key, Value>::status(const Key& key) const {
  std::optional<row_status<Key>> known;
  entries_.look(key, [&](const entry* e) {
    if (e != nullptr) known = detail::status_of(*e);
  });
  if (known) std::erase_if(known->waiting_for, [this](const Key& each) { return runs(each); });
  return known;
}

template <class Key, class Value>
std::vector<std::pair<Key, row_status<Key>>> manager<Key, Value>::snapshot() const {
  std::vector<std::pair<Key, row_status<Key>>> all;
  entries_.each_locked([&](const entry& e) { all.emplace_back(e.key, detail::status_of(e)); });
  for (auto& [key, known] : all) std::erase_if(known.waiting_for, [this](const Key& each) { return runs(each); });
  return all;
}

template <class Key, class Value>
std::optional<std::pair<instant, error>> manager<Key, Value>::unreadable() const {
  const std::lock_guard guard(lock_);
  return unreadable_;
}

template <class Key, class Value>
std::uint64_t manager<Key, Value>::passes() const {
  const std::lock_guard guard(lock_);
  return passes_;
}

template <class Key, class Value>
auto manager<Key, Value>::counts() const noexcept -> state_counts {
  state_counts now{};
  for (std::size_t i = 0; i < row_states; ++i) now[i] = counts_[i].load(std::memory_order_relaxed);
  return now;
}

template <class Key, class Value>
std::optional<explanation<Key>> manager<Key, Value>::explain(const Key& key) const {
  std::optional<explanation<Key>> told;
  entries_.look(key, [&](const entry* e) {
    if (e != nullptr) told = detail::explanation_of(*e);
  });
  if (!told || told->why != obstacle::waits_for_others) return told;
  std::erase_if(told->waiting_for, [this](const Key& each) { return runs(each); });
  told->cycle = cycle_through(key);
  return told;
}

// The way from a key that waits back to itself, over others that wait; empty if there is none.
template <class Key, class Value>
std::vector<Key> manager<Key, Value>::cycle_through(const Key& key) const {
  struct step {
    Key key;
    std::size_t from;
  };
  std::vector<step> looked_at{{key, 0}};
  std::unordered_map<Key, std::size_t> known{{key, 0}};
  for (std::size_t i = 0; i < looked_at.size(); ++i) {
    std::vector<Key> needs;
    entries_.look(looked_at[i].key, [&](const entry* e) {
      if (e != nullptr && e->wait) needs = e->wait->needs;
    });
    for (Key& each : needs) {
      if (each == key) {
        std::vector<Key> path{key};
        for (std::size_t at = i; at != 0; at = looked_at[at].from) path.insert(path.begin(), looked_at[at].key);
        path.insert(path.begin(), key);
        return path;
      }
      if (known.try_emplace(each, looked_at.size()).second) looked_at.push_back({std::move(each), i});
    }
  }
  return {};
}

template <class Key, class Value>
std::vector<row_straggler<Key>> manager<Key, Value>::stragglers() const {
  std::vector<row_straggler<Key>> found;
  const state_counts now = counts();
  const std::size_t left_behind = counts_[row_states].load(std::memory_order_relaxed);
  if (now[static_cast<std::size_t>(row_state::stopping)] + now[static_cast<std::size_t>(row_state::abandoned)] + left_behind == 0) return found;
  entries_.each_locked([&](const entry& e) {
    if (const auto* const other = e.leftover)
      found.push_back({e.key, other->incarnation, other->since, other->forced ? obstacle::forced : obstacle::stops});
    if (!is_going(e.state)) return;
    found.push_back({e.key, e.incarnation, e.since, detail::explanation_of(e).why});
  });
  return found;
}

}  // namespace steward
