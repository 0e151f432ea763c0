// SPDX-License-Identifier: Apache-2.0
#include "simulation_model.hpp"

#include <algorithm>
#include <utility>

namespace steward::testing {

namespace {

void add(restart_facts& to, moment ended_at, std::size_t told) {
  to.since_cleared.push_back({ended_at, told});
  to.ever.push_back(ended_at);
}

}  // namespace

simulation_model::simulation_model(const simulation_plan& plan) : plan_(plan), keys_(plan.keys.size()), groups_(plan.groups.size()) {
  for (const auto* each : {&plan.before, &plan.deeds})
    for (const simulated_deed& one : *each) rows_.emplace(one.row.version, &one.row);
}

std::uint32_t simulation_model::version_of(const key_facts& its) {
  if (its.live) return its.live->version;
  const auto known = its.rows.find(its.generation);
  return known == its.rows.end() ? 0 : known->second.version;
}

const simulated_place& simulation_model::place(std::size_t number, std::uint64_t generation) const {
  const auto known = keys_[number].rows.find(generation);
  return row(known == keys_[number].rows.end() ? 0 : known->second.version).where;
}

bool simulation_model::may_share_group(std::size_t key, std::size_t other) const {
  for (const auto& [generation, one] : keys_[key].rows)
    for (const auto& [others_generation, two] : keys_[other].rows)
      if (row(one.version).where.group && row(one.version).where.group == row(two.version).where.group) return true;
  return false;
}

bool simulation_model::is_failure(const trace_event& now) const {
  if (now.what != happening::state || !now.reason || now.because_of != trace_event::no_key) return false;
  return (now.state == row_state::backoff || now.state == row_state::gave_up) && !keys_[now.key].taken_down;
}

bool simulation_model::go_together(const simulated_place& failed, const simulated_place& other) const {
  return failed.group && failed.group == other.group && goes_down_with(plan_.groups[*failed.group].strategy, failed.place, other.place);
}

bool simulation_model::group_may_give_up(std::size_t key) const {
  const auto gives_up = [](const restart_policy& policy) { return policy.budget && policy.budget->then == exhausted::give_up; };
  for (std::size_t other = 0; other < keys_.size(); ++other)
    if (may_share_group(key, other))
      for (const auto& [generation, each] : keys_[other].rows) {
        if (gives_up(row(each.version).policy)) return true;
        if (const auto group = row(each.version).where.group; group && gives_up(plan_.groups[*group].restart)) return true;
      }
  return false;
}

void simulation_model::clear_restarts(key_facts& of, bool group_too, std::size_t key) {
  of.restarts.since_cleared.clear();
  of.failures = 0;
  of.due.reset();
  if (group_too) clear_groups(key);
}

// Whichever of its rows it belongs to.
void simulation_model::clear_groups(std::size_t key) {
  for (const auto& [generation, each] : keys_[key].rows)
    if (const auto group = row(each.version).where.group) groups_[*group].since_cleared.clear();
}

void simulation_model::take(const trace_event& now) {
  now_ = now.at;
  switch (now.what) {
    case happening::row_put:
    case happening::row_erased:
      take_edit(now);
      break;
    case happening::jumped:
      jumped_to_ = now.at;
      break;
    case happening::start_called:
    case happening::start_answered:
    case happening::stop_called:
    case happening::stop_answered:
      take_call(now);
      break;
    case happening::get_asked:
    case happening::get_answered:
    case happening::read_given_up:
    case happening::row_seen:
    case happening::fetch_asked:
    case happening::fetch_answered:
    case happening::problem:
      take_read(now);
      break;
    case happening::run_called:
    case happening::run_begun:
    case happening::run_answered:
    case happening::in_use:
    case happening::run_forced:
    case happening::closing:
      take_run(now);
      break;
    case happening::edit_asked:
    case happening::reload_begun:
    case happening::reload_answered:
    case happening::reload_given_up:
      take_edit_of_process(now);
      break;
    case happening::refused:
    case happening::not_recalled:
    case happening::flush_asked:
    case happening::flush_answered:
      take_store(now);
      break;
    case happening::crashed:
      take_crash(now);
      break;
    case happening::outlives:
      take_outliving(now);
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

void simulation_model::take_edit(const trace_event& now) {
  key_facts& its = keys_[now.key];
  its.changed = taken_;
  if (now.what == happening::row_put) {
    if (!its.row) its.last_incarnation = 0;  // it may have been forgotten meanwhile
    its.row = row_facts{now.generation, now.version, now.yes};
    its.rows.emplace(now.generation, *its.row);
    return;
  }
  its.row.reset();
  its.numbers_repeat = true;
  its.erased_since = true;
  its.settled_for = 0;
}

void simulation_model::take_call(const trace_event& now) {
  key_facts& its = keys_[now.key];
  ++its.calls;
  switch (now.what) {
    case happening::start_called:
      ++its.starts_open;
      its.settled_for = its.stop_called = 0;
      return clear_restarts(its, true, now.key);
    case happening::start_answered:
      --its.starts_open;
      if (!now.yes && its.read.untold > 0) --its.read.untold;
      return clear_restarts(its, true, now.key);
    case happening::stop_called:
      ++its.stops_open;
      return;
    default:
      --its.stops_open;
      if (now.yes && its.read.answered < now.call && its.starts_open == 0) its.stop_called = now.call;
      return;
  }
}

void simulation_model::take_walk(const trace_event& now) {
  if (now.what == happening::problem && untold_ > 0) --untold_;
  if (now.what == happening::fetch_asked && now.call == taken_) {
    const bool before_failed = pass_.failed || pass_.missed;
    pass_ = pass_facts{.begun = taken_, .ended = std::nullopt, .failed = false, .missed = false, .retried = before_failed};
  }
  if (now.what != happening::fetch_answered || (now.yes && now.text.empty())) return;
  pass_.ended = now.at;
  pass_.failed = !now.text.empty();
  if (pass_.failed && !ends_since_) ++untold_;
  if (!pass_.failed) note_all_rows_read();
}

void simulation_model::take_read(const trace_event& now) {
  if (now.key == trace_event::no_key) return take_walk(now);
  read_facts& its = keys_[now.key].read;
  if (now.what == happening::problem) {
    if (now.text.starts_with("replace: ")) keys_[now.key].edit.touched = taken_;
    if (its.untold > 0) --its.untold;
    return;
  }
  if (now.what == happening::get_asked) {
    ++its.open;
    ++reads_open_;
    return;
  }
  if (now.what != happening::row_seen) {
    --its.open;
    --reads_open_;
    read_last_ = now.at;
  }
  if (now.what == happening::read_given_up) return;
  if (!now.text.empty()) {
    // A limit that is reached when the manager has just given it up, or everything, is nobody's failure.
    if (keys_[now.key].state != row_state::stopping && !ends_since_) ++its.untold;
    its.failed = taken_;
    pass_.missed = true;
    return;
  }
  its.answered = taken_;
  if (now.generation != 0) its.last = now.generation;
  keys_[now.key].stop_called = 0;
  its.wanted_at.reset();
  if (now.generation == 0) {  // it is forgotten, and with the last member of a group the failures of that
    clear_groups(now.key);
    its.newest = its.taken = keys_[now.key].last_incarnation = 0;
  }
  if (now.generation == 0) return;
  if (!is_alive(keys_[now.key].state)) its.has_row = true;
  if (now.generation < its.newest) return;
  if (now.yes) its.wanted_at = now.at;
  // A row is taken when nothing of the one before it lives any more; the failures are forgiven then.
  const key_facts& of = keys_[now.key];
  const bool lives = is_alive(of.state) && (of.state != row_state::starting || of.live);
  const bool is_taken = !lives && now.generation > its.taken;
  const bool starts_by_hand = of.state == row_state::starting && of.by_hand;  // the failures are forgiven when it has read its row
  if (is_taken || starts_by_hand || now.generation > its.newest) clear_groups(now.key);
  if (is_taken && !is_alive(of.state)) its.taken = now.generation;  // else its process may have ended, and not been dealt with
  if (now.generation == its.newest) return;
  its.newest = now.generation;
  its.newest_at = now.at;
}

void simulation_model::take_run(const trace_event& now) {
  switch (now.what) {
    case happening::run_called:
      if (now.yes)
        runs_waiting_.push_back(taken_);
      else
        run_inside_ = taken_;
      return;
    case happening::in_use:
      in_use_ = true;
      runs_[now.call] = true;
      return;
    case happening::run_forced:
      if (now.call != trace_event::no_key && run_ != now.call) return runs_stopped_.push_back(now.call);
      run_forced_ = true;
      [[fallthrough]];
    case happening::closing:
      if (!ends_since_) ends_since_ = now.at;
      ends_told_ = std::min(ends_told_, taken_);
      return;
    case happening::run_begun:
      run_.reset();
      if (!runs_waiting_.empty()) {
        run_ = runs_waiting_.front();
        runs_.emplace(*run_, false);
        runs_waiting_.erase(runs_waiting_.begin());
      }
      run_begun_ = now.at;
      in_use_ = false;
      pass_ = {};
      run_forced_ = run_ && std::ranges::find(runs_stopped_, *run_) != runs_stopped_.end();
      ends_since_.reset();
      ends_told_ = static_cast<std::size_t>(-1);
      if (!run_forced_) return;
      ends_since_ = now.at;
      ends_told_ = taken_;
      return;
    default:
      std::erase(runs_waiting_, now.call);
      return;
  }
}

void simulation_model::take_process(const trace_event& now) {
  if (now.key == trace_event::no_key) return;
  key_facts& its = keys_[now.key];
  if (now.what == happening::begun || now.what == happening::taken_over) {
    process_facts fresh = entering(now);
    fresh.generation = now.generation;
    fresh.incarnation = now.incarnation;
    fresh.version = now.version;
    fresh.begun_at = now.at;
    fresh.begun = taken_;
    its.outlived.reset();
    its.edit.heir.reset();
    if (is_heir(now)) {
      its.heir = fresh;
      return;
    }
    its.live = fresh;
    its.read.has_row = true;
    const std::uint64_t kept = std::max(its.generation, its.state == row_state::starting ? its.edit.kept : 0);
    if (kept > now.generation) keep(its, now.key, kept);                // before it began
    its.last_incarnation = its.read.newest == 0 ? 0 : now.incarnation;  // where its row is known to be gone it is forgotten with its process
    its.parked = false;
    if (its.state == row_state::starting) its.taken_down = false;  // one that goes down is stopping by now
    return;
  }
  for (auto* const each : {&its.live, &its.heir, &its.left, &its.outlived})
    if (*each && (*each)->begun == now.call) take_process(its, *each, now);
}

void simulation_model::take_process(key_facts& its, std::optional<process_facts>& process, const trace_event& now) {
  if (now.what == happening::ready) {
    process->ready_at = now.at;
    its.readied[process->version] = taken_;
  }
  if (now.what == happening::asked) process->asked_at = now.at;
  if (now.what == happening::forced) process->forced_at = now.at;
  if (now.what == happening::lost) process->lost = true;
  if (now.what != happening::ended) return;
  its.edit.touched = taken_;
  if (&process == &its.heir && process->ready_at) {
    its.edit.heir = process;
    its.edit.heir->failure = now.text;
  }
  if (&process == &its.outlived) its.made_way = taken_ + 1;
  if (&process == &its.live) {
    its.last = process;
    its.last->failure = now.text;
    for (key_facts& each : keys_) each.waits_to_go.erase(now.key);
  }
  process.reset();
}

void simulation_model::take_state(const trace_event& now) {
  key_facts& its = keys_[now.key];
  if (its.state == row_state::running) its.ran_until = now.at;
  if (its.state == row_state::starting && its.outlived) its.outlived->incarnation = 0;  // a start under its number came to nothing
  if (is_succession(now)) {
    its.left = std::exchange(its.live, std::exchange(its.heir, std::nullopt));
    if (its.left && its.live) {
      its.live->outlived = its.left->outlived;  // it requires what that one did
      its.live->is_looked_after = its.left->is_looked_after;
    }
    if (its.edit.heir) its.last = its.edit.heir;
    its.last_incarnation = now.incarnation;
  }
  if (now.state == row_state::running && its.live && now.generation != its.live->generation) {
    const auto known = its.rows.find(now.generation);
    if (known != its.rows.end()) move_on(its, now.generation, known->second.version);
  }
  its.edit.taken.reset();
  its.edit.heir.reset();
  its.edit.failed = false;
  its.edit.kept = 0;
  its.store.has_forgotten = false;
  if (now.state != row_state::starting && now.state != row_state::stopping) {
    if (its.store.is_behind && !its.store.has_refused) its.store.caught_up = taken_;
    its.store.is_behind = std::exchange(its.store.has_refused, false);
  }
  if (now.state != row_state::backoff && now.state != row_state::waiting && now.state != row_state::starting) its.store.restart.reset();
  if (now.generation != its.generation) clear_restarts(its, its.generation != 0, now.key);
  if (now.state == row_state::starting) {
    its.by_hand = its.starts_open > 0;
    if (its.by_hand) clear_restarts(its, true, now.key);
    if (its.by_hand) its.settled_for = 0;
    if (its.by_hand || now.generation != its.generation_at_failure) its.store.restart.reset();  // an edit forgives, too
    its.waits_to_go.clear();
    its.taken_down = false;
    its.start_told = taken_;
  }
  if (now.state != row_state::backoff && now.state != row_state::waiting) its.due.reset();
  const auto is_the_reason = [&](const auto& each) { return each.key == now.because_of && each.loss == on_loss::stop; };
  if (now.generation != its.generation || now.state == row_state::waiting) its.parked = false;
  if (now.state == row_state::stopping || now.state == row_state::stopped)
    its.parked = its.parked || may_inherit_parking(its, now) || std::ranges::any_of(place(now.key, now.generation).required, is_the_reason);
  if (its.parked) its.parked_for = now.generation;
  // Without a reason it is what it was before a start by hand that has failed.
  if (its.row && is_settled(now.state) && (now.reason || now.because_of == trace_event::no_key)) its.settled_for = now.generation;
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
  key_facts& its = keys_[now.key];
  if (!is_failure(now)) {
    // It may have failed by itself before it was taken down: whether that counts is open.
    const auto group = place(now.key, now.generation).group;
    if (now.reason && its.taken_down) its.restarts.ever.push_back(now.at);
    if (now.reason && its.taken_down && group) groups_[*group].ever.push_back(now.at);
    return;
  }
  const auto known = its.rows.find(now.generation);
  if (known == its.rows.end()) return;
  if (now.generation != its.generation) clear_restarts(its, false, now.key);
  const simulated_place& where = place(now.key, now.generation);
  if (now.state == row_state::backoff) {
    const backoff& delays = row(known->second.version).policy.delays;
    const auto& ended = its.last;
    const auto ready_at = ended && ended->ready_before ? ended->ready_before : ended ? ended->ready_at : std::nullopt;
    if (ready_at && now.at - *ready_at >= delays.reset_after) its.failures = 0;
    its.due = now.at + delays.delay(its.failures++, 0);
    add(its.restarts, now.at, taken_);
    if (where.group) add(groups_[*where.group], now.at, taken_);
    const bool is_counted = row(known->second.version).policy.budget || (where.group && plan_.groups[*where.group].restart.budget);
    if (is_counted) its.store.restart = taken_;
  }
  if (where.group && now.state == row_state::gave_up) groups_[*where.group].ever.push_back(now.at);  // it counts, though nothing is restarted
  its.calls_at_failure = its.calls;
  its.generation_at_failure = now.generation;
  for (std::size_t other = 0; other < keys_.size(); ++other) {
    key_facts& others = keys_[other];
    if (other == now.key || !is_alive(others.state)) continue;
    // The row of one that does not live yet is being read: it may move, or belong to no group yet.
    const bool may_move =
        !others.live && (!others.read.has_row || others.generation == 0 || !others.row || others.row->generation != others.generation);
    if (may_move ? !may_share_group(now.key, other) : !go_together(where, place(other))) continue;
    others.taken_down = true;
    if (may_move || (others.state != row_state::starting && others.state != row_state::running)) continue;
    others.goes_with_group = true;
    others.calls_at_failure = others.calls;
    if (others.live && now.state == row_state::backoff) its.waits_to_go[other] = others.live->incarnation;
  }
}

}  // namespace steward::testing
