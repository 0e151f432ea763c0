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
      return !e.asked || e.regroup;
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
  if (where && e.team != nullptr && e.team->name == where->group) return;
  leave_group(e);
  if (!where) return;
  const auto [at, is_new] = groups_.try_emplace(where->group);
  group& team = at->second;
  if (is_new) {
    team.name = where->group;
    team.history = ask_store(nullptr, [&team](state_store<Key>& store) { return store.recall_group(team.name); });
  }
  e.team = &team;
  team.members.push_back(&e);
}

// With its last member its failures are forgotten.
template <class Key, class Value>
void manager<Key, Value>::leave_group(entry& e) {
  leave_regroup(e);
  group* const team = std::exchange(e.team, nullptr);
  if (team == nullptr) return;
  std::erase(team->members, &e);
  if (!team->members.empty() || team->history == restart_history()) return;
  team->history = {};
  remember_group(*team);
}

// It goes its own way again, whatever its group does.
template <class Key, class Value>
void manager<Key, Value>::leave_regroup(entry& e) noexcept {
  if (!e.regroup) return;
  detail::mark(e, &entry::regroup, false);
  std::erase(e.team->pending, &e);
  check_group(*e.team);
}

// What the user's function says of its group; the default where there is none, and where it throws.
template <class Key, class Value>
group_policy manager<Key, Value>::policy_of_group(const entry& e) {
  if (!options_.groups) return {};
  auto answer = detail::contained([&] { return options_.groups(e.team->name); });
  if (answer) return std::move(*answer);
  report(&e.key, answer.error());
  return {};
}

// A member has failed, and its own policy would start it again. False: what follows is done; true: the decision stands, as it has been changed.
template <class Key, class Value>
bool manager<Key, Value>::follow_group_policy(entry& e, const exit& ended, restart_decision& decision) {
  group& team = *e.team;
  const group_policy policy = policy_of_group(e);
  group_decision whole = decide_group(policy, std::move(team.history), decision, ended, detail::draw_spread(options_.spread));
  team.history = std::move(whole.history);
  const bool is_counted = policy.restart.budget.has_value();
  if (is_counted) remember_group(team);
  e.counted = e.counted || is_counted;
  decision.what = whole.what;
  decision.delay = whole.delay;
  if (!whole.together) return true;

  const bool gives_up = decision.what == verdict::gave_up;
  std::vector<entry*> going;
  for (entry* const other : team.members)
    if (other != &e && goes_down_with(policy.strategy, e.place, other->place) && detail::takes_part(*other)) going.push_back(other);
  team.deciding = true;
  if (!gives_up) {
    team.until = std::max(team.until, later(*ended.ended_at, decision.delay));
    for (entry* const other : going) {  // all of them first: one may require another
      enter_regroup(*other);
      other->counted = other->counted || is_counted;
      if (other->state == row_state::backoff) team.until = std::max(team.until, other->until);  // one that was recalled is not in it yet
    }
    enter_regroup(e);
    back_off(e, team.until, *ended.ended_at, &ended);
  }
  for (entry* const other : going) gives_up ? give_up(*other, e.key) : take_down(*other, e.key);
  team.deciding = false;
  check_group(team);
  return gives_up;
}

template <class Key, class Value>
void manager<Key, Value>::enter_regroup(entry& e) {
  if (e.regroup) return;
  detail::mark(e, &entry::regroup, true);
  e.team->pending.push_back(&e);
}

// A member goes down with another, to come back with it.
template <class Key, class Value>
void manager<Key, Value>::take_down(entry& e, const Key& because_of) {
  if (detail::planted(detail::bug::group_not_taken_down)) return;
  if (is_alive(e.state)) return end(e, &because_of);
  if (e.state == row_state::backoff && e.alarm == nullptr && !e.makes_sure) return;  // down with its group already
  detail::drop_alarm(e);
  settle_initial(e);
  back_off(e, e.team->until, strand_->now());
}

// A member goes down with another, for good.
template <class Key, class Value>
void manager<Key, Value>::give_up(entry& e, const Key& because_of) {
  if (is_alive(e.state)) {
    ask_to_end(e, &because_of);
    e.gives_up = true;
    return;
  }
  leave_regroup(e);
  detail::drop_alarm(e);
  settle_initial(e);
  e.restart = false;
  detail::blame(e, because_of);
  set_state(e, row_state::gave_up);
  rest(e);
}

// It has ended, and waits for the rest of its group.
template <class Key, class Value>
void manager<Key, Value>::await_group(entry& e, const exit& ended) {
  back_off(e, std::max(e.team->until, *ended.ended_at), *ended.ended_at, &ended);
  check_group(*e.team);
}

// Starts again those that have gone down together, in the order of their places, when the time has come and none of them lives any more.
template <class Key, class Value>
void manager<Key, Value>::check_group(group& team) {
  detail::alarm<group>::drop(std::exchange(team.timer, nullptr));
  if (team.deciding || team.pending.empty() || std::ranges::any_of(team.pending, [](const entry* e) { return is_alive(e->state); })) return;
  if (strand_->now() < team.until) {
    const auto over = [](group& whose) {
      whose.timer = nullptr;
      whose.pending.front()->owner.check_group(whose);
    };
    team.timer = detail::alarm<group>::set(*strand_, team.until, over, team);
    return;
  }
  if (detail::planted(detail::bug::member_forgotten) && team.pending.size() > 1) team.pending.pop_back();
  std::vector<entry*> going = std::exchange(team.pending, {});
  std::ranges::sort(going, {}, [](const entry* e) { return std::pair(e->place, e->number); });
  for (entry* const e : going) detail::mark(*e, &entry::regroup, false);
  for (entry* const e : going) launch(*e);
}

// In the end nobody comes up again.
template <class Key, class Value>
void manager<Key, Value>::disband_groups() noexcept {
  for (auto& [name, team] : groups_) {
    detail::alarm<group>::drop(std::exchange(team.timer, nullptr));
    for (entry* const e : team.pending) detail::mark(*e, &entry::regroup, false);
    team.pending.clear();
    team.until = {};
  }
}

}  // namespace steward
