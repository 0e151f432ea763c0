// SPDX-License-Identifier: Apache-2.0
//
// What becomes of a process whose manager is lost, and which lives on: as under a daemon, whose programs are held by a keeper.
#include "simulation_world.hpp"

#include <algorithm>
#include <utility>

namespace steward::testing {

// One of each key: that of which the manager speaks, and not the one that is to take its place, or has made place for it.
void simulation_world::keep_those_that_outlive(const simulated_deed& what) {
  for (const incarnation* const each : on_stage_) {
    const std::string& name = plan_.keys[each->key];
    const auto known = kept_->status(name);
    const bool goes_on = std::ranges::find(what.outlive, each->key) != what.outlive.end();
    if (!goes_on || !known || known->incarnation != each->number || keeper_.find(name) != nullptr) continue;
    simulated_process left = *each;
    left.generation = known->generation;  // it may have taken over an edit
    left.version = versions_[known->generation];
    keeper_.keep(name, left);
    note(happening::outlives, left);
  }
}

// Whether one lives that can be gone on with. One that cannot is ended.
bool simulation_world::goes_on(const std::string& name) {
  const simulated_process* const left = keeper_.find(name);
  if (left == nullptr || is_lost_) return false;
  const auto now = row_of(name);
  if (now && now->wanted == wanted::up && now->value->version == left->version) return true;
  note(happening::ended, *keeper_.let_go(name));
  return false;
}

// One that goes on does so under its number, whatever is remembered; and what is remembered may be of one before it.
row_past simulation_world::with_its_number(const std::string& name, row_past past) {
  const simulated_process* const left = keeper_.find(name);
  if (left == nullptr) return past;
  const std::uint64_t number = left->number;
  if (past.incarnation != number) past.since = {};
  if (past.incarnation != number && is_going(past.state)) past.state = row_state::running;
  past.incarnation = goes_on(name) ? number - 1 : number;
  return past;
}

// What was begun for the same version is what lives already. Of another one it takes the place.
void simulation_world::enter(incarnation& who) {
  const auto left = is_lost_ ? std::nullopt : keeper_.let_go(plan_.keys[who.key]);
  const bool is_same = left && left->version == who.version;
  if (left && !is_same) note(happening::ended, *left);
  who.begun = trace_.size();
  note(is_same ? happening::taken_over : happening::begun, who);
}

void simulation_world::end_what_is_kept() {
  for (const std::string& name : plan_.keys)
    if (const auto left = keeper_.let_go(name)) note(happening::ended, *left);
}

}  // namespace steward::testing
