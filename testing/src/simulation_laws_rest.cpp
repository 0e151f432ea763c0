// SPDX-License-Identifier: Apache-2.0
#include "simulation_laws.hpp"

#include <algorithm>
#include <array>

namespace steward::testing {
namespace {

bool waits_for_others(const simulation_model& known, std::size_t key) {
  const simulated_place& where = known.place(key, known.key(key).row->generation);
  const auto down = [&](std::size_t other) { return known.key(other).state != row_state::running; };
  return std::ranges::any_of(where.after, down) || std::ranges::any_of(where.required, [&](const auto& each) { return down(each.key); });
}

std::string runs_what_the_row_wants(const simulation_model& known, const trace_event& now) {
  const key_facts& its = known.key(now.key);
  switch (now.state) {
    case row_state::running:
      if (!its.live) return "it says so, and no process is alive";
      if (its.live->generation != its.row->generation || its.live->version != its.row->version)
        return "version " + std::to_string(its.live->version) + " runs, and the row is version " + std::to_string(its.row->version);
      return now.generation == its.row->generation ? "" : "the row is of generation " + std::to_string(its.row->generation);
    case row_state::completed:
    case row_state::gave_up:
      return now.generation == its.row->generation ? "" : "its row has been edited since";
    case row_state::waiting:
      return waits_for_others(known, now.key) ? "" : "and there is nobody that it waits for";
    case row_state::stopped:
      return its.parked ? "" : "and its row wants it";
    default:
      return "and does not come to rest";
  }
}

std::string what_runs_is_what_the_rows_want(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::status) return {};
  const key_facts& its = known.key(now.key);
  if (!its.row) return now.yes || its.live ? "there is no row, and it is not forgotten" : "";
  if (!now.yes) return "there is a row, and it is not known";
  if (its.outlived && its.row->up && its.outlived->version == its.row->version) return "what has outlived its manager is watched by nobody";
  const bool begins_anew = its.erased_since && now.state == row_state::stopped && !is_alive(its.state);
  const bool is_recalled = its.store.has_forgotten && !is_alive(now.state);
  if (now.state != its.state && !begins_anew && !is_recalled) return "told last was " + std::string(to_string(its.state));
  if (its.row->up) return runs_what_the_row_wants(known, now);
  return now.state == row_state::stopped && !its.live ? "" : "its row does not want it";
}

constexpr std::array<simulation_law, 1> laws{{{"D9_what_runs_is_what_the_rows_want", what_runs_is_what_the_rows_want}}};

}  // namespace

std::span<const simulation_law> laws_of_rest() noexcept { return laws; }

}  // namespace steward::testing
