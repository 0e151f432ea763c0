// SPDX-License-Identifier: Apache-2.0
//
// Who must be gone before whom, and who goes down with whom. Everything here runs on the manager's strand.
#pragma once

#include "steward/manager.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace steward {

// From now on it lives, and what it requires must not go before it.
template <class Key, class Value>
void manager<Key, Value>::note_requirements(entry& e) {
  if (!options_.requirements) return;
  auto required = asked_of(options_.requirements, e);
  if (required.empty()) return;
  for (const requirement<Key>& each : required) required_by_[each.key].push_back(&e);
  e.bonds = std::make_unique<detail::entry_bonds<Key>>(std::move(required));
}

// Whether it requires, as this value has it, what does not run and what it has not required before, or whose loss it has ignored.
template <class Key, class Value>
bool manager<Key, Value>::lacks_requirement(const entry& e, const Value& as) {
  if (!options_.requirements || detail::planted(detail::bug::needs_ignored)) return false;
  const auto is_new = [&e](const requirement<Key>& each) {
    return detail::is_new_requirement(e.bonds ? detail::loss_in(e.bonds->required, each.key) : std::nullopt, each.loss);
  };
  return std::ranges::any_of(asked_of(options_.requirements, e.key, as),
                             [&](const requirement<Key>& each) { return is_new(each) && !runs(each.key); });
}

// Whether somebody does not run who is needed: they may have been lost since it was launched, and an edit may have named others.
template <class Key, class Value>
bool manager<Key, Value>::lacks_someone(const entry& e) {
  if (!e.value || detail::planted(detail::bug::needs_ignored)) return false;
  return std::ranges::any_of(needed_by(e.key, *e.value), [this](const Key& each) { return !runs(each); });
}

// An entry is to be stopped, is lost, or is not there: those that require it are asked to stop, and in the first case it waits for them.
template <class Key, class Value>
void manager<Key, Value>::stop_those_that_require(entry& e) {
  if (detail::planted(detail::bug::loss_ignored) && e.state != row_state::stopping) return;
  if (required_by_.empty() || ending_) return;
  const auto found = required_by_.find(e.key);
  if (found == required_by_.end()) return;
  const std::vector<entry*> requirers = found->second;
  for (entry* const other : requirers) {
    if (other == &e || !other->life) continue;
    const on_loss loss = detail::loss_in(other->bonds->required, e.key).value_or(on_loss::ignore);
    if (loss == on_loss::ignore) continue;
    const bool goes_already = is_going(other->state);
    if (e.life && is_going(e.state) && !(goes_already && waits_for(*other, e))) {
      other->bonds->held.emplace_back(e.key, e.incarnation);
      ++e.dependents;
    }
    if (detail::planted(detail::bug::dependents_not_first)) e.dependents = 0;
    switch (decide_loss({.loss = loss, .going = goes_already, .taken_down = other->because_of != nullptr, .follows = other->follows})) {
      case loss_action::nothing:
        break;
      case loss_action::go_with_group:
        wind_down(*other, sequel::with_group, &e.key);
        break;
      case loss_action::restart:
        wind_down(*other, sequel::start_again, &e.key);
        break;
      case loss_action::park:
        park(*other, e.key);
        break;
    }
  }
}

// What a former manager has left was taken over whatever it comes after. By now all rows have been read: what it requires has been taken over too, or
// is lost.
template <class Key, class Value>
void manager<Key, Value>::look_after_outlived() {
  for (const Key& key : std::exchange(outlived_, {})) {
    entry* const e = entries_.find(key);
    if (e == nullptr || !e->life) continue;
    if (const sequel then = std::exchange(e->inherited, sequel::by_policy); then != sequel::by_policy) {
      if (then == sequel::start_again && is_going(e->state)) continue;  // what follows was said since
      if (then == sequel::stopped) detail::mark(*e, &entry::parked, true);
      wind_down(*e, then);
      continue;
    }
    if (e->cause == detail::start_cause::hand || detail::planted(detail::bug::outlived_loses_nothing)) continue;
    const auto required = e->bonds ? e->bonds->required : std::vector<requirement<Key>>();
    for (const requirement<Key>& each : required) {
      entry& other = obtain(each.key);
      const bool is_there = other.state == row_state::running || (other.outlived && other.life);
      if (!is_there) stop_those_that_require(other);
    }
  }
}

// It goes down, and stays down for this generation.
template <class Key, class Value>
void manager<Key, Value>::park(entry& e, const Key& because_of) {
  detail::mark(e, &entry::parked, true);
  if (!is_going(e.state))
    wind_down(e, sequel::stopped, &because_of);
  else if (e.follows == sequel::start_again)
    detail::mark(e, &entry::follows, sequel::stopped);
  detail::blame(e, because_of);  // of several, the one for which it stays down
}

// Whether an entry that is to be stopped waits, directly or through others, for this one to be gone.
template <class Key, class Value>
bool manager<Key, Value>::waits_for(const entry& who, const entry& whom) const {
  std::vector<const entry*> looked_at{&who};
  for (std::size_t i = 0; i < looked_at.size(); ++i) {
    if (looked_at[i]->request != detail::end_request::none) continue;
    const auto found = required_by_.find(looked_at[i]->key);
    if (found == required_by_.end()) continue;
    for (const entry* const each : found->second) {
      if (each == &whom) return true;
      if (std::ranges::find(looked_at, each) == looked_at.end()) looked_at.push_back(each);
    }
  }
  return false;
}

template <class Key, class Value>
auto manager<Key, Value>::forget_requirements(entry& e) -> std::unique_ptr<detail::entry_bonds<Key>> {
  auto bonds = std::exchange(e.bonds, nullptr);
  if (!bonds) return bonds;
  for (const requirement<Key>& each : bonds->required) {
    const auto found = required_by_.find(each.key);
    if (found == required_by_.end()) continue;
    std::erase(found->second, &e);
    if (found->second.empty()) required_by_.erase(found);
  }
  return bonds;
}

// An entry's process has gone: those that had to wait for that may be asked to stop.
template <class Key, class Value>
void manager<Key, Value>::release_those_before(entry& e) {
  const auto bonds = forget_requirements(e);
  if (ending_) {
    return each_needed_by(e, [this](entry& other) {
      if (other.dependents > 0 && --other.dependents == 0) wind_down(other, sequel::stopped);
    });
  }
  if (!bonds) return;
  for (const auto& [key, incarnation] : bonds->held) {
    entry* const other = entries_.find(key);
    if (other == nullptr || other->incarnation != incarnation || other->dependents == 0) continue;
    if (--other->dependents == 0) request_stop(*other);
  }
}

// Those that it was started after.
template <class Key, class Value>
template <class F>
void manager<Key, Value>::each_needed_by(const entry& e, F&& visit) {
  if (!e.value) return;
  for (const Key& key : needed_by(e.key, *e.value))
    if (entry* const other = entries_.find(key); other != nullptr && other != &e) visit(*other);
}

// In the end everything is asked at once, but for those that others which still live were started after: they are asked when the last of these is
// gone.
template <class Key, class Value>
void manager<Key, Value>::count_dependents() {
  if (!options_.after && !options_.requirements) return;
  entries_.each([](entry& e) { e.dependents = 0; });
  entries_.each([this](const entry& e) {
    if (e.life) each_needed_by(e, [](entry& other) { ++other.dependents; });
  });
  free_cycles();
}

// Entries that wait for one another, which can come about only by starts by hand, are all asked at once: a plain count of who would go after whom
// finds them.
template <class Key, class Value>
void manager<Key, Value>::free_cycles() {
  std::unordered_map<entry*, std::uint32_t> left;
  std::vector<entry*> going;
  entries_.each([&](entry& e) {
    if (!e.life) return;
    left.emplace(&e, e.dependents);
    if (e.dependents == 0) going.push_back(&e);
  });
  while (!going.empty()) {
    entry* const gone = going.back();
    going.pop_back();
    left.erase(gone);
    each_needed_by(*gone, [&](entry& needed) {
      const auto other = left.find(&needed);
      if (other != left.end() && --other->second == 0) going.push_back(&needed);
    });
  }
  for (const auto& [e, count] : left) e->dependents = 0;
}

}  // namespace steward
