// SPDX-License-Identifier: Apache-2.0
#include "simulation_laws.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace steward::testing {
namespace {

using enum row_state;

// docs/states.md, with what groups and deadlines add.
constexpr std::array transitions{
    std::pair(stopped, starting),    std::pair(stopped, waiting),    std::pair(stopped, gave_up),    std::pair(waiting, starting),
    std::pair(waiting, stopped),     std::pair(waiting, backoff),    std::pair(starting, running),   std::pair(starting, stopping),
    std::pair(starting, backoff),    std::pair(starting, completed), std::pair(starting, gave_up),   std::pair(starting, stopped),
    std::pair(running, stopping),    std::pair(running, backoff),    std::pair(running, completed),  std::pair(running, gave_up),
    std::pair(running, stopped),     std::pair(stopping, stopped),   std::pair(stopping, completed), std::pair(stopping, gave_up),
    std::pair(stopping, backoff),    std::pair(stopping, abandoned), std::pair(abandoned, stopped),  std::pair(abandoned, backoff),
    std::pair(abandoned, completed), std::pair(abandoned, gave_up),  std::pair(backoff, starting),   std::pair(backoff, waiting),
    std::pair(backoff, stopped),     std::pair(backoff, backoff),    std::pair(completed, starting), std::pair(completed, waiting),
    std::pair(completed, stopped),   std::pair(gave_up, starting),   std::pair(gave_up, waiting),    std::pair(gave_up, stopped),
};

std::string transition_is_allowed(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::state) return {};
  if (known.is_reload(now) || known.is_succession(now)) return {};
  const row_state before = known.key(now.key).state;
  // A key that was forgotten begins anew.
  const row_state afresh = is_alive(before) ? before : stopped;
  // And one of which another manager has remembered something goes on from that.
  if (known.key(now.key).store.has_forgotten && std::ranges::find(transitions, std::pair(backoff, now.state)) != transitions.end()) return {};
  if (std::ranges::find(transitions, std::pair(before, now.state)) != transitions.end()) return {};
  if (std::ranges::find(transitions, std::pair(afresh, now.state)) != transitions.end()) return {};
  return std::string("from ") + std::string(to_string(before)) + " to " + std::string(to_string(now.state));
}

std::string one_process_a_key(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::begun && now.what != happening::taken_over) return {};
  const key_facts& its = known.key(now.key);
  if (now.what == happening::begun && its.outlived) return "incarnation " + std::to_string(its.outlived->incarnation) + " has outlived its manager";
  if (now.what == happening::taken_over && !its.outlived) return "there is none to take over";
  const bool is_alone = known.is_heir(now) ? !its.heir && !its.left : its.alive() == nullptr;
  return is_alone ? "" : "incarnation " + std::to_string(its.alive()->incarnation) + " is still alive";
}

std::string gone_when_told_gone(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::state || is_alive(now.state) || known.key(now.key).alive() == nullptr) return {};
  return "incarnation " + std::to_string(known.key(now.key).alive()->incarnation) + " is still alive";
}

std::string running_is_ready(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::state || now.state != running || known.is_succession(now)) return {};
  const key_facts& its = known.key(now.key);
  const auto& process = its.live ? its.live : its.last;
  if (process && process->incarnation == now.incarnation && process->ready_at) return {};
  return "no process of this incarnation has become ready";
}

std::string begins_while_starting(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::begun && now.what != happening::taken_over) return {};
  const row_state state = known.key(now.key).state;
  const bool slept = state == abandoned && known.jumped_to() == now.at;  // all its deadlines were over before it had a moment to begin
  return known.is_heir(now) || state == starting || state == stopping || slept ? "" : "a process begins in " + std::string(to_string(state));
}

std::string incarnations_grow(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::begun || !known.key(now.key).row || now.incarnation > known.key(now.key).last_incarnation) return {};
  return "there was incarnation " + std::to_string(known.key(now.key).last_incarnation) + " before";
}

// Unless the manager could not be told what it was.
std::string number_stays(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::taken_over || !known.key(now.key).outlived) return {};
  const std::uint64_t number = known.key(now.key).outlived->incarnation;
  return number == 0 || number == now.incarnation ? "" : "it was begun as incarnation " + std::to_string(number);
}

std::string runs_its_row(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::begun && now.what != happening::taken_over) return {};
  const auto& rows = known.key(now.key).rows;
  const auto is_its = [&now](const auto& each) { return each.second.version == now.version && each.second.up; };
  if (known.is_heir(now)) return std::ranges::any_of(rows, is_its) ? "" : "there is no row of this version that is wanted";
  const auto row = rows.find(now.generation);
  if (row == rows.end()) return "there is no row of this generation";
  if (row->second.version != now.version) return "the row of this generation is version " + std::to_string(row->second.version);
  return row->second.up ? "" : "the row of this generation is not wanted";
}

// Whoever goes down was asked to, or its row has changed, or somebody else's end or its own deadline is the reason.
std::string stops_for_a_reason(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::state || now.state != stopping || known.ends_since()) return {};
  const key_facts& its = known.key(now.key);
  if (its.stops_open > 0 || now.because_of != trace_event::no_key || !its.as_row_wants()) return {};
  if (its.was_going_before()) return {};
  if (its.state == starting) {
    if (known.plan().total.start.count() > 0) return {};
    const moment limit = known.row(its.row->version).deadlines.start;
    if (limit > moment::zero() && now.at >= its.since + limit) return {};
  }
  return "its row wants it as it is, and nobody has stopped it";
}

std::string completed_by_its_policy(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::state || now.state != completed || !now.reason) return {};
  const auto& rows = known.key(now.key).rows;
  const auto row = rows.find(now.generation);
  if (row == rows.end()) return {};
  const restart when = known.row(row->second.version).policy.when;
  const bool clean = *now.reason == exit_reason::completed || *now.reason == exit_reason::stopped;
  return when == restart::never || (when == restart::on_failure && clean) ? "" : "its policy is " + std::string(to_string(when));
}

std::string settled_stays_settled(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::state || (now.state != starting && now.state != waiting)) return {};
  const key_facts& its = known.key(now.key);
  if (its.settled_for == 0 || its.settled_for != now.generation || its.starts_open > 0) return {};
  return "it has settled for this generation, and nobody starts it";
}

constexpr std::array<simulation_law, 11> laws{{{"states_transition_is_allowed", transition_is_allowed},
                                               {"M7_one_process_a_key", one_process_a_key},
                                               {"M8_gone_when_told_gone", gone_when_told_gone},
                                               {"M6_running_is_ready", running_is_ready},
                                               {"M4_begins_while_starting", begins_while_starting},
                                               {"D8_incarnations_grow", incarnations_grow},
                                               {"D8_number_stays", number_stays},
                                               {"D9_runs_its_row", runs_its_row},
                                               {"M12_stops_for_a_reason", stops_for_a_reason},
                                               {"M8_completed_by_its_policy", completed_by_its_policy},
                                               {"D9_settled_stays_settled", settled_stays_settled}}};

}  // namespace

std::span<const simulation_law> laws_of_keys() noexcept { return laws; }

}  // namespace steward::testing
