// SPDX-License-Identifier: Apache-2.0
//
// What a process lives through, and what outlives a manager: edits that it takes over, others that take its place, a store, a crash, and what goes on
// after one.
#include "simulation_model.hpp"

#include <algorithm>

namespace steward::testing {

bool simulation_model::is_heir(const trace_event& now) const {
  // As any start, it may just have been given up.
  const row_state state = keys_[now.key].state;
  const bool is_declared = now.generation == 0 && row(now.version).edit.kind == row_edit::replace;
  return now.what == happening::begun && is_declared && (state == row_state::running || is_going(state));
}

bool simulation_model::is_reload(const trace_event& now) const {
  const key_facts& its = keys_[now.key];
  if (now.what != happening::state || now.state != row_state::running || its.state != row_state::running || !its.edit.taken) return false;
  const auto known = its.rows.find(now.generation);
  return now.generation > its.generation && known != its.rows.end() && known->second.version == *its.edit.taken;
}

bool simulation_model::is_succession(const trace_event& now) const {
  const key_facts& its = keys_[now.key];
  if (now.what != happening::state || now.state != row_state::running || its.state != row_state::running) return false;
  const auto& heir = its.heir ? its.heir : its.edit.heir;
  const auto known = its.rows.find(now.generation);
  return heir && now.incarnation == heir->incarnation && heir->ready_at && known != its.rows.end() && known->second.version == heir->version;
}

// From now on it lives as this row has it.
void simulation_model::move_on(key_facts& its, std::uint64_t generation, std::uint32_t version) {
  its.live->generation = generation;
  its.live->version = version;
  if (its.live->ready_at) its.readied[version] = taken_;
}

void simulation_model::take_edit_of_process(const trace_event& now) {
  key_facts& its = keys_[now.key];
  its.edit.touched = taken_;
  switch (now.what) {
    case happening::edit_asked:
      return take_keep(its, now);
    case happening::reload_begun:
      its.edit.reloads = now.version;
      return;
    case happening::reload_answered:
      its.edit.reloads.reset();
      if (now.yes) its.edit.taken = now.version;
      its.edit.failed = !now.yes;
      return;
    default:
      its.edit.reloads.reset();
      return;
  }
}

// Nobody is told of an edit that changes nothing but what is to follow; unless it newly requires one that does not run, which is for the laws of
// restarts.
void simulation_model::take_keep(key_facts& its, const trace_event& now) {
  const simulated_row& to = row(now.version);
  if (to.edit.kind != row_edit::keep || (its.state != row_state::starting && its.state != row_state::running)) return;
  const auto& before = its.live ? place(now.key).required : none_.where.required;
  const auto lacks = [&](const auto& each) {
    const auto known = std::ranges::find(before, each.key, &requirement<std::size_t>::key);
    const bool is_new = known == before.end() || (known->loss == on_loss::ignore && each.loss != on_loss::ignore);
    return is_new && keys_[each.key].state != row_state::running;
  };
  const std::uint64_t generation = its.read.last;
  if (std::ranges::any_of(to.where.required, lacks)) {
    if (!its.live) its.edit.kept = generation;  // unless it required them as it was made, of which nothing is seen: then it begins all the same
    return;
  }
  keep(its, now.key, generation);
}

void simulation_model::keep(key_facts& its, std::size_t key, std::uint64_t generation) {
  if (generation != its.generation) clear_restarts(its, its.generation != 0, key);
  its.generation = generation;
  if (its.live) move_on(its, generation, its.rows.at(generation).version);
}

void simulation_model::take_store(const trace_event& now) {
  switch (now.what) {
    case happening::refused:
      if (now.key != trace_event::no_key) keys_[now.key].store.has_refused = true;
      if (now.key == trace_event::no_key) groups_behind_ = true;
      return;
    case happening::not_recalled:
      if (now.key != trace_event::no_key) return forget(keys_[now.key]);
      for (restart_facts& each : groups_) each.since_cleared.clear();
      return;
    case happening::flush_answered:
      flushed_ = std::max(flushed_, now.call);
      if (now.yes) sure_of_ = std::max(sure_of_, now.call);
      return;
    default:
      return;
  }
}

// Nothing that was known of it is known to the manager.
void simulation_model::forget(key_facts& its) {
  its.numbers_repeat = true;
  if (its.outlived) {
    its.outlived->incarnation = 0;
    if (its.outlived->was_going == belief::surely) its.outlived->was_going = belief::perhaps;
  }
  its.restarts.since_cleared.clear();
  its.failures = 0;
  its.due.reset();
  its.settled_for = 0;
}

// The manager is gone with all that it ran. What its store had been made sure of is what the next one knows.
void simulation_model::take_crash(const trace_event& now) {
  if (now.yes) sure_of_ = taken_;
  const auto is_lost = [this](const restart_fact& each) { return each.told >= sure_of_; };
  for (restart_facts& each : groups_) groups_behind_ ? each.since_cleared.clear() : (void)std::erase_if(each.since_cleared, is_lost);
  for (std::size_t key = 0; key < keys_.size(); ++key) {
    key_facts& its = keys_[key];
    const bool is_old = its.store.is_behind || its.store.has_refused || (its.store.caught_up && *its.store.caught_up >= sure_of_);
    if (is_old) {  // nor that an edit of it has forgiven its group already
      forget(its);
      clear_groups(key);
    }
    std::erase_if(its.restarts.since_cleared, is_lost);
    if (its.state_told >= sure_of_) {
      its.failures = 0;
      its.due.reset();
      its.settled_for = 0;
    }
    const bool is_to_be_asked = its.state == row_state::running && its.live && its.live->was_going == belief::surely;
    const bool was_stopped = (is_going(its.state) || is_to_be_asked) && !is_old && its.state_told < sure_of_;
    const bool may_be = its.numbers_repeat || is_going(its.state) || (its.live && its.live->was_going != belief::no);
    its.was_going = was_stopped ? belief::surely : may_be ? belief::perhaps : belief::no;
    if (its.outlived && (its.was_going != belief::no || its.outlived->was_going != belief::no)) its.outlived->was_going = belief::perhaps;
    its.ready_before = its.live ? its.live->ready_before ? its.live->ready_before : its.live->ready_at : std::nullopt;
    begin_anew(its);
  }
  reads_open_ = untold_ = 0;
  pass_ = {};
  runs_waiting_.clear();
  runs_stopped_.clear();
  run_inside_.reset();
  run_.reset();
  run_begun_.reset();
  in_use_ = run_forced_ = false;
  ends_since_.reset();
  ends_told_ = static_cast<std::size_t>(-1);
}

// This process lives on.
void simulation_model::take_outliving(const trace_event& now) {
  key_facts& its = keys_[now.key];
  process_facts left;
  left.generation = now.generation;
  left.incarnation = now.incarnation;
  left.version = now.version;
  left.begun = now.call;
  left.was_going = its.was_going;
  left.ready_before = its.ready_before;
  its.outlived = left;
}

bool simulation_model::is_instead(const trace_event& now) const {
  return now.what == happening::begun && taken_ > 0 && keys_[now.key].made_way == taken_;
}

// What it has from the one that outlived: the manager knows of no difference.
process_facts simulation_model::entering(const trace_event& now) const {
  const key_facts& its = keys_[now.key];
  process_facts fresh;
  fresh.outlived = its.outlived || is_instead(now);
  if (its.outlived) fresh.ready_before = its.outlived->ready_before;
  if (fresh.outlived) fresh.was_going = its.outlived ? its.outlived->was_going : belief::perhaps;
  return fresh;
}

// From now on it counts what those that outlived require.
void simulation_model::note_all_rows_read() {
  for (key_facts& each : keys_)
    if (each.live) each.live->is_looked_after = true;
}

// From the manager before, under which it was to stay down.
bool simulation_model::may_inherit_parking(const key_facts& its, const trace_event& now) {
  const bool has_just_ended = !its.live && its.last && its.last->begun > its.start_told && its.last->was_going != belief::no;
  return (its.was_going_before() || has_just_ended) && its.parked_for == now.generation;
}

// What a manager knows by itself alone.
void simulation_model::begin_anew(key_facts& its) {
  its.live.reset();
  its.heir.reset();
  its.left.reset();
  its.last.reset();
  its.edit = {};
  its.store = {.has_forgotten = true};
  if (!is_settled(its.state)) its.state = row_state::stopped;
  its.read.open = its.read.untold = its.read.failed = 0;
  its.read.has_row = false;
  its.read.wanted_at.reset();
  its.because_of = trace_event::no_key;
  its.stop_called = its.starts_open = its.stops_open = 0;
  its.last_incarnation = 0;
  its.by_hand = its.goes_with_group = its.taken_down = false;
  its.parked = its.row && its.parked_for == its.row->generation;  // if its store knew of that, or of nothing later
  its.erased_since = true;
  its.waits_to_go.clear();
}

}  // namespace steward::testing
