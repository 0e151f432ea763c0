// SPDX-License-Identifier: Apache-2.0
#include "simulation_laws.hpp"
#include "steward/testing/journal.hpp"

#include <array>

namespace steward::testing {
namespace {

// What is wrong with the first key of which `wrong` says something, when a moment is over.
template <class Wrong>
std::string first_wrong(const simulation_model& known, const trace_event& now, Wrong&& wrong) {
  if (now.at <= known.now() || now.what == happening::jumped) return {};
  for (std::size_t key = 0; key < known.size(); ++key)
    if (std::string found = wrong(known.key(key)); !found.empty()) return known.plan().keys[key] + found;
  return {};
}

std::string number(const std::optional<process_facts>& process) { return ": incarnation " + std::to_string(process->incarnation); }

std::string successor_takes_over(const simulation_model& known, const trace_event& now) {
  return first_wrong(known, now, [](const key_facts& its) -> std::string {
    return its.heir && its.heir->ready_at && !its.heir->forced_at && !its.heir->lost ? number(its.heir) + " is ready, and takes nobody's place" : "";
  });
}

std::string predecessor_is_asked(const simulation_model& known, const trace_event& now) {
  return first_wrong(known, now, [](const key_facts& its) -> std::string {
    return its.left && !its.left->asked_at && !its.left->forced_at ? number(its.left) + " was replaced, and nobody has asked it to stop" : "";
  });
}

std::string successor_has_its_deadline(const simulation_model& known, const trace_event& now) {
  return first_wrong(known, now, [&](const key_facts& its) -> std::string {
    if (!its.heir || its.heir->ready_at || its.heir->forced_at) return {};
    const moment limit = known.row(its.heir->version).deadlines.start;
    return limit > moment::zero() && known.is_late(its.heir->begun_at + limit, now) ? number(its.heir) + " was to be ready, or forced, before" : "";
  });
}

std::string predecessor_has_its_deadline(const simulation_model& known, const trace_event& now) {
  return first_wrong(known, now, [&](const key_facts& its) -> std::string {
    if (!its.left || !its.left->asked_at || its.left->forced_at || its.left->lost) return {};
    const moment limit = known.row(its.left->version).deadlines.stop;
    return limit > moment::zero() && known.is_late(*its.left->asked_at + limit, now) ? number(its.left) + " was to be gone, or forced, before" : "";
  });
}

std::string reload_is_told(const simulation_model& known, const trace_event& now) {
  return first_wrong(known, now, [](const key_facts& its) -> std::string {
    return its.edit.taken && its.live && its.state == row_state::running
               ? " has taken version " + std::to_string(*its.edit.taken) + ", and is told as it was"
               : "";
  });
}

std::string failed_reload_restarts(const simulation_model& known, const trace_event& now) {
  return first_wrong(known, now, [](const key_facts& its) -> std::string {
    return its.edit.failed && its.live && its.state == row_state::running ? " has failed to take an edit over, and goes on" : "";
  });
}

constexpr std::array<simulation_law, 6> laws{{{"M7_successor_takes_over", successor_takes_over},
                                              {"M7_predecessor_is_asked", predecessor_is_asked},
                                              {"D11_successor_has_its_deadline", successor_has_its_deadline},
                                              {"D11_predecessor_has_its_deadline", predecessor_has_its_deadline},
                                              {"M13_reload_is_told", reload_is_told},
                                              {"M13_failed_reload_restarts", failed_reload_restarts}}};

}  // namespace

std::span<const simulation_law> laws_of_edits() noexcept { return laws; }

}  // namespace steward::testing
