// SPDX-License-Identifier: Apache-2.0
#include "simulation_model.hpp"

#include <algorithm>

namespace steward::testing {

namespace {

void add(restart_facts& to, moment ended_at) {
  to.since_cleared.push_back(ended_at);
  to.ever.push_back(ended_at);
}

}  // namespace

simulation_model::simulation_model(const simulation_plan& plan) : plan_(plan), keys_(plan.keys.size()), groups_(plan.groups.size()) {
  for (const auto* each : {&plan.before, &plan.deeds})
    for (const simulated_deed& one : *each) rows_.emplace(one.row.version, &one.row);
}

bool simulation_model::is_failure(const trace_event& now) const {
  if (now.what != happening::state || !now.reason || now.because_of != trace_event::no_key) return false;
  return (now.state == row_state::backoff || now.state == row_state::gave_up) && !keys_[now.key].taken_down;
}

bool simulation_model::go_together(std::size_t failed, std::size_t other) const {
  const simulated_place& its = plan_.places[failed];
  const simulated_place& others = plan_.places[other];
  return failed != other && its.group && its.group == others.group && goes_down_with(plan_.groups[*its.group].strategy, its.place, others.place);
}

bool simulation_model::group_may_give_up(std::size_t key) const {
  const auto gives_up = [](const restart_policy& policy) { return policy.budget && policy.budget->then == exhausted::give_up; };
  const auto team = plan_.places[key].group;
  if (!team || gives_up(plan_.groups[*team].restart)) return team.has_value();
  for (std::size_t other = 0; other < keys_.size(); ++other)
    if (plan_.places[other].group == team)
      for (const auto& [generation, each] : keys_[other].rows)
        if (gives_up(row(each.version).policy)) return true;
  return false;
}

void simulation_model::clear_restarts(key_facts& of, bool group_too, std::size_t key) {
  of.restarts.since_cleared.clear();
  of.failures = 0;
  of.due.reset();
  if (const auto team = plan_.places[key].group; team && group_too) groups_[*team].since_cleared.clear();
}

void simulation_model::take(const trace_event& now) {
  now_ = now.at;
  key_facts none;
  key_facts& its = now.key == trace_event::no_key ? none : keys_[now.key];
  switch (now.what) {
    case happening::row_put:
      if (!its.row) its.last_incarnation = 0;  // it may have been forgotten meanwhile
      its.row = row_facts{now.generation, now.version, now.yes};
      its.rows.emplace(now.generation, *its.row);
      break;
    case happening::row_erased:
      its.row.reset();
      its.erased_since = true;
      its.settled_for = 0;
      break;
    case happening::jumped:
      jumped_to_ = now.at;
      break;
    case happening::start_called:
    case happening::start_answered:
      its.starts_open += now.what == happening::start_called ? 1 : static_cast<std::size_t>(-1);
      ++its.calls;
      if (now.what == happening::start_called) its.settled_for = 0;
      clear_restarts(its, true, now.key);
      break;
    case happening::stop_called:
    case happening::stop_answered:
      its.stops_open += now.what == happening::stop_called ? 1 : static_cast<std::size_t>(-1);
      ++its.calls;
      break;
    case happening::in_use:
      in_use_ = true;
      break;
    case happening::run_forced:
      run_forced_ = true;
      [[fallthrough]];
    case happening::closing:
      if (!ends_since_) ends_since_ = now.at;
      ends_told_ = std::min(ends_told_, taken_);
      break;
    case happening::state:
      take_failure(now);
      take_state(now);
      break;
    default:
      take_process(now);
      break;
  }
  ++taken_;
}

void simulation_model::take_process(const trace_event& now) {
  if (now.key == trace_event::no_key) return;
  key_facts& its = keys_[now.key];
  if (now.what == happening::begun) {
    its.live.emplace();
    its.live->generation = now.generation;
    its.live->incarnation = now.incarnation;
    its.live->version = now.version;
    its.live->begun_at = now.at;
    its.live->begun = taken_;
    its.last_incarnation = now.incarnation;
    its.taken_down = false;
    return;
  }
  if (!its.live) return;
  if (now.what == happening::ready) {
    its.live->ready_at = now.at;
    its.readied[now.version] = taken_;
  }
  if (now.what == happening::asked) its.live->asked_at = now.at;
  if (now.what == happening::forced) its.live->forced_at = now.at;
  if (now.what == happening::lost) its.live->lost = true;
  if (now.what == happening::ended) {
    its.last = its.live;
    its.live.reset();
  }
}

void simulation_model::take_state(const trace_event& now) {
  key_facts& its = keys_[now.key];
  if (now.generation != its.generation) clear_restarts(its, false, now.key);
  if (now.state == row_state::starting) {
    its.by_hand = its.starts_open > 0;
    if (its.by_hand) its.settled_for = 0;
    its.waits_to_go.clear();
    its.taken_down = false;
  }
  if (now.state != row_state::backoff && now.state != row_state::waiting) its.due.reset();
  // Without a reason it is what it was before a start by hand that has failed.
  if (is_settled(now.state) && (now.reason || now.because_of == trace_event::no_key)) its.settled_for = now.generation;
  its.goes_with_group = false;
  its.erased_since = !its.row;
  its.state = now.state;
  its.since = now.at;
  its.state_told = taken_;
  its.generation = now.generation;
  its.because_of = now.because_of;
}

// It has failed: when may it be started again, and who goes down with it?
void simulation_model::take_failure(const trace_event& now) {
  if (!is_failure(now)) return;
  key_facts& its = keys_[now.key];
  const auto known = its.rows.find(now.generation);
  if (known == its.rows.end()) return;
  if (now.generation != its.generation) clear_restarts(its, false, now.key);
  const simulated_place& where = plan_.places[now.key];
  if (now.state == row_state::backoff) {
    const backoff& delays = row(known->second.version).policy.delays;
    const auto& ended = its.last;
    if (ended && ended->ready_at && now.at - *ended->ready_at >= delays.reset_after) its.failures = 0;
    its.due = now.at + delays.delay(its.failures++, 0);
    add(its.restarts, now.at);
    if (where.group) add(groups_[*where.group], now.at);
  }
  if (where.group && now.state == row_state::gave_up) groups_[*where.group].ever.push_back(now.at);  // it counts, though nothing is restarted
  its.calls_at_failure = its.calls;
  its.generation_at_failure = now.generation;
  for (std::size_t other = 0; other < keys_.size(); ++other) {
    key_facts& others = keys_[other];
    if (!go_together(now.key, other) || !is_alive(others.state)) continue;
    others.taken_down = true;
    if (others.state != row_state::starting && others.state != row_state::running) continue;
    if (others.generation == 0) continue;  // its first row is being read: it belongs to no group yet
    others.goes_with_group = true;
    others.calls_at_failure = others.calls;
    if (others.live && now.state == row_state::backoff) its.waits_to_go[other] = others.live->incarnation;
  }
}

}  // namespace steward::testing
