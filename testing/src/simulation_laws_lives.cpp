// SPDX-License-Identifier: Apache-2.0
//
// That no life of a manager has more than its share is for the laws of budgets, of backoff and of what has settled: what they go by outlives a crash.
// That what outlives one is taken over is for those of reads, what it requires for those of order, and that it is one for those of keys.
#include "simulation_laws.hpp"

#include <array>

namespace steward::testing {
namespace {

// Or a crash would buy one more, every time.
std::string restart_is_stored(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::begun || !known.plan().stores) return {};
  const auto& granted = known.key(now.key).store.restart;
  return granted && known.flushed() < *granted ? "a budget counts this restart, and the store was not asked to make sure of it" : "";
}

// A moment is over, and all rows were read: what was being stopped when its manager was lost is asked again.
std::string stop_goes_on(const simulation_model& known, const trace_event& now) {
  if (now.at <= known.now() || now.what == happening::jumped || known.ends_since()) return {};
  for (std::size_t key = 0; key < known.size(); ++key) {
    const key_facts& its = known.key(key);
    if (!its.live || !its.live->is_looked_after || its.live->was_going != belief::surely) continue;
    if (its.state == row_state::starting || its.state == row_state::running)
      return known.plan().keys[key] + " was being stopped when its manager was lost, and goes on";
  }
  return {};
}

// Nor is its end one that a policy decides about.
std::string stop_is_no_end(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::state || !now.reason || now.because_of != trace_event::no_key || !is_settled(now.state)) return {};
  const auto& ended = known.key(now.key).last;
  const bool was_going = ended && ended->incarnation == now.incarnation && ended->was_going == belief::surely;
  return was_going ? "it was being stopped when its manager was lost, to be started anew" : "";
}

constexpr std::array<simulation_law, 3> laws{
    {{"M8_restart_is_stored", restart_is_stored}, {"M13_stop_goes_on", stop_goes_on}, {"M13_stop_is_no_end", stop_is_no_end}}};

}  // namespace

std::span<const simulation_law> laws_of_lives() noexcept { return laws; }

}  // namespace steward::testing
