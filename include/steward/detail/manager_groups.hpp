// SPDX-License-Identifier: Apache-2.0
//
// Entries that go down and come up together. Everything here runs on the manager's strand.
#pragma once

#include "steward/detail/contained.hpp"
#include "steward/detail/spread.hpp"
#include "steward/manager.hpp"

#include <algorithm>
#include <utility>

namespace steward {

namespace detail {

/// Whether what becomes of a member is its group's to say.
template <class Key, class Value>
[[nodiscard]] bool takes_part(const manager_entry<Key, Value>& e) noexcept {
  switch (e.state) {
    case row_state::stopped:
    case row_state::completed:
    case row_state::gave_up:
      return false;
    case row_state::stopping:
    case row_state::abandoned:
      return !is_ordered(e.follows);
    case row_state::waiting:
    case row_state::starting:
    case row_state::running:
    case row_state::backoff:
      return true;
  }
  return false;
}

}  // namespace detail

// The row says where an entry belongs.
template <class Key, class Value>
void manager<Key, Value>::enter_group(entry& e) {
  if (!options_.group) return;
  const std::optional<group_place> where = asked_of(options_.group, e);
  e.place = where ? where->place : 0;
  if (where && e.group != nullptr && e.group->name == where->group) return;
  leave_group(e);
  if (!where) return;
  const auto [at, is_new] = groups_.try_emplace(where->group);
  entry_group& group = at->second;
  if (is_new) {
    group.name = where->group;
    group.history = ask_store(nullptr, [&group](state_store<Key>& store) { return store.recall_group(group.name); });
  }
  e.group = &group;
  group.members.push_back(&e);
}

// With its last member its failures are forgotten.
template <class Key, class Value>
void manager<Key, Value>::leave_group(entry& e) {
  go_alone(e);
  entry_group* const group = std::exchange(e.group, nullptr);
  if (group == nullptr) return;
  std::erase(group->members, &e);
  if (!group->members.empty() || group->history == restart_history()) return;
  group->history = {};
  remember_group(*group);
}

// It goes its own way again, whatever its group does.
template <class Key, class Value>
void manager<Key, Value>::go_alone(entry& e) noexcept {
  if (e.follows != sequel::with_group) return;
  detail::mark(e, &entry::follows, is_going(e.state) ? sequel::stopped : sequel::by_policy);
  std::erase(e.group->pending, &e);
  check_group(*e.group);
}

// What the user's function says of its group; the default where there is none, and where it throws.
template <class Key, class Value>
group_policy manager<Key, Value>::policy_of_group(const entry& e) {
  if (!options_.groups) return {};
  auto answer = detail::contained([&] { return options_.groups(e.group->name); });
  if (answer) return std::move(*answer);
  report(&e.key, answer.error());
  return {};
}

// A member has failed: counts that as one of its group, and says what follows.
template <class Key, class Value>
group_decision manager<Key, Value>::decide_for_group(entry& e, const group_policy& policy, const restart_decision& own, const exit& ended) {
  group_decision whole = decide_group(policy, std::move(e.group->history), own, ended, detail::draw_spread(options_.spread));
  e.group->history = std::move(whole.history);
  if (!policy.restart.budget) return whole;
  e.counted = true;
  remember_group(*e.group);
  return whole;
}

// Those that go down with a member do, and come up again with it, or give up with it.
template <class Key, class Value>
void manager<Key, Value>::follow_together(entry& e, const group_policy& policy, const group_decision& whole, const exit& ended) {
  entry_group& group = *e.group;
  const bool gives_up = whole.what == verdict::gave_up;
  std::vector<entry*> going;
  for (entry* const other : group.members)
    if (other != &e && goes_down_with(policy.strategy, e.place, other->place) && detail::takes_part(*other)) going.push_back(other);
  group.deciding = true;
  if (!gives_up) {
    group.until = std::max(group.until, later(*ended.ended_at, whole.delay));
    for (entry* const other : going) {  // all of them first: one may require another
      go_with_group(*other);
      if (policy.restart.budget) other->counted = true;
      if (other->state == row_state::backoff) group.until = std::max(group.until, other->until);  // one that was recalled is not in it yet
    }
    go_with_group(e);
    back_off(e, group.until, *ended.ended_at, &ended);
  }
  for (entry* const other : going) gives_up ? give_up(*other, e.key) : take_down(*other, e.key);
  group.deciding = false;
  check_group(group);
  if (gives_up) set_state(e, row_state::gave_up, *ended.ended_at, &ended);
}

template <class Key, class Value>
void manager<Key, Value>::go_with_group(entry& e) {
  if (e.follows == sequel::with_group) return;
  detail::mark(e, &entry::follows, sequel::with_group);
  e.group->pending.push_back(&e);
}

// A member goes down with another, to come back with it.
template <class Key, class Value>
void manager<Key, Value>::take_down(entry& e, const Key& because_of) {
  if (detail::planted(detail::bug::group_not_taken_down)) return;
  if (is_alive(e.state)) return wind_down(e, sequel::with_group, &because_of);
  if (e.state == row_state::backoff && e.alarm == nullptr && !e.makes_sure) return;  // down with its group already
  detail::drop_alarm(e);
  settle_initial(e);
  back_off(e, e.group->until, strand_->now());
}

// A member goes down with another, for good.
template <class Key, class Value>
void manager<Key, Value>::give_up(entry& e, const Key& because_of) {
  if (is_alive(e.state)) return wind_down(e, sequel::gave_up, &because_of);
  go_alone(e);
  detail::drop_alarm(e);
  settle_initial(e);
  detail::blame(e, because_of);
  set_state(e, row_state::gave_up);
  rest(e);
}

// Starts again those that have gone down together, in the order of their places, when the time has come and none of them lives any more.
template <class Key, class Value>
void manager<Key, Value>::check_group(entry_group& group) {
  detail::alarm<entry_group>::drop(std::exchange(group.timer, nullptr));
  if (group.deciding || group.pending.empty() || std::ranges::any_of(group.pending, [](const entry* e) { return is_alive(e->state); })) return;
  if (strand_->now() < group.until) {
    const auto over = [](entry_group& whose) {
      whose.timer = nullptr;
      whose.pending.front()->owner.check_group(whose);
    };
    group.timer = detail::alarm<entry_group>::set(*strand_, group.until, over, group);
    return;
  }
  if (detail::planted(detail::bug::member_forgotten) && group.pending.size() > 1) group.pending.pop_back();
  std::vector<entry*> going = std::exchange(group.pending, {});
  std::ranges::sort(going, {}, [](const entry* e) { return std::pair(e->place, e->number); });
  for (entry* const e : going) detail::mark(*e, &entry::follows, sequel::by_policy);
  for (entry* const e : going) launch(*e);
}

// In the end nobody comes up again.
template <class Key, class Value>
void manager<Key, Value>::disband_groups() noexcept {
  for (auto& [name, group] : groups_) {
    detail::alarm<entry_group>::drop(std::exchange(group.timer, nullptr));
    for (entry* const e : group.pending) detail::mark(*e, &entry::follows, is_going(e->state) ? sequel::stopped : sequel::by_policy);
    group.pending.clear();
    group.until = {};
  }
}

}  // namespace steward
