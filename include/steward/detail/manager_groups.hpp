// SPDX-License-Identifier: Apache-2.0
//
// Entries that go down and come up together. Everything here runs on the manager's strand.
#pragma once

#include "steward/detail/contained.hpp"
#include "steward/manager.hpp"

#include <algorithm>
#include <utility>

namespace steward {

// The row says where an entry belongs.
template <class Key, class Value>
void manager<Key, Value>::enter_group(entry& e) {
  if (!options_.group) return;
  const std::optional<group_place> where = asked_of(options_.group, e);
  group* const team = where ? &groups_.try_emplace(where->group).first->second : nullptr;
  e.place = where ? where->place : 0;
  if (team == e.team) return;
  leave_group(e);
  e.team = team;
  if (team == nullptr) return;
  team->name = where->group;
  team->members.push_back(&e);
}

template <class Key, class Value>
void manager<Key, Value>::leave_group(entry& e) noexcept {
  leave_regroup(e);
  if (group* const team = std::exchange(e.team, nullptr)) std::erase(team->members, &e);
}

// It goes its own way again, whatever its group does.
template <class Key, class Value>
void manager<Key, Value>::leave_regroup(entry& e) noexcept {
  if (!e.regroup) return;
  mark(e, &entry::regroup, false);
  std::erase(e.team->pending, &e);
  check_group(*e.team);
}

// A member has failed, and its own policy would start it again. False: what follows is done; true: the decision stands, as it has been changed.
template <class Key, class Value>
bool manager<Key, Value>::follow_group_policy(entry& e, const exit& ended, restart_decision& decision) {
  group& team = *e.team;
  group_policy policy;
  if (options_.groups) {
    auto answer = detail::contained([&] { return options_.groups(team.name); });
    if (answer)
      policy = std::move(*answer);
    else
      report(&e.key, answer.error());
  }
  policy.restart.when = restart::always;
  restart_decision whole = decide_restart(policy.restart, std::move(team.history), ended, spread());
  team.history = std::move(whole.history);
  if (whole.what == verdict::gave_up) decision.what = verdict::gave_up;
  const bool alone = policy.strategy == group_strategy::one_for_one;
  if (!alone || whole.slow) decision.delay = std::max(decision.delay, whole.delay);
  if (alone) return true;

  const bool gives_up = decision.what == verdict::gave_up;
  const std::vector<entry*> members = team.members;
  team.deciding = true;
  if (!gives_up) {
    team.until = std::max(team.until, later(*ended.ended_at, decision.delay));
    mark(e, &entry::regroup, true);
    team.pending.push_back(&e);
    back_off(e, team.until, *ended.ended_at, &ended);
  }
  for (entry* const other : members)
    if (other != &e && goes_down_with(policy.strategy, e.place, other->place)) take_down(*other, e, gives_up);
  team.deciding = false;
  check_group(team);
  return gives_up;
}

// One member goes down with another.
template <class Key, class Value>
void manager<Key, Value>::take_down(entry& other, const entry& failed, bool gives_up) {
  if (detail::planted(detail::bug::group_not_taken_down)) return;
  switch (other.state) {
    case row_state::stopped:
    case row_state::completed:
    case row_state::gave_up:
      return;
    case row_state::stopping:
    case row_state::abandoned:
      if (other.asked && !other.regroup) return;  // somebody else has said what becomes of it
      break;
    case row_state::waiting:
    case row_state::backoff:
      break;
    case row_state::starting:
    case row_state::running:
      blame(other, failed.key);
      break;
  }
  if (!gives_up && other.regroup) return;
  const bool lived = is_alive(other.state);
  if (gives_up) {
    ask_to_end(other);
    other.gives_up = lived;
    if (!lived) set_state(other, row_state::gave_up);
    return;
  }
  if (lived) {
    ask_to_end(other);
  } else {
    drop_alarm(other);
    settle_initial(other);
  }
  mark(other, &entry::regroup, true);
  other.team->pending.push_back(&other);
  if (!lived) back_off(other, other.team->until, strand_->now());
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
    team.timer = detail::alarm<group>::set(*strand_, team.until, &group_over, team);
    return;
  }
  if (detail::planted(detail::bug::member_forgotten) && team.pending.size() > 1) team.pending.pop_back();
  std::vector<entry*> going = std::exchange(team.pending, {});
  std::ranges::sort(going, {}, [](const entry* e) { return std::pair(e->place, e->number); });
  for (entry* const e : going) mark(*e, &entry::regroup, false);
  for (entry* const e : going) launch(*e);
}

template <class Key, class Value>
void manager<Key, Value>::group_over(group& team) {
  team.timer = nullptr;
  team.pending.front()->owner.check_group(team);
}

}  // namespace steward
