// SPDX-License-Identifier: Apache-2.0
#include "simulation_laws.hpp"
#include "steward/testing/journal.hpp"

#include <algorithm>
#include <array>

namespace steward::testing {
namespace {

// The first key of which `late` says that something was due before now; as time has moved.
template <class Late>
std::string first_late(const simulation_model& known, const trace_event& now, const char* what, Late&& late) {
  if (now.at <= known.now()) return {};
  for (std::size_t key = 0; key < known.size(); ++key) {
    const key_facts& its = known.key(key);
    if (!its.live) continue;
    const std::optional<moment> due = late(its, known.row(its.live->version).deadlines);
    if (due && known.is_late(*due, now)) return known.plan().keys[key] + what + short_text(*due);
  }
  return {};
}

std::string start_deadline(const simulation_model& known, const trace_event& now) {
  return first_late(known, now, " was to be ready, or forced, by ",
                    [](const key_facts& its, const process_deadlines& limits) -> std::optional<moment> {
                      if (limits.start.count() <= 0 || its.live->ready_at || its.live->forced_at) return std::nullopt;
                      return its.live->begun_at + limits.start;
                    });
}

std::string stop_deadline(const simulation_model& known, const trace_event& now) {
  return first_late(
      known, now, " was to be gone, or forced, by ", [](const key_facts& its, const process_deadlines& limits) -> std::optional<moment> {
        if (limits.stop.count() <= 0 || its.state != row_state::stopping || !its.live->asked_at || its.live->forced_at || its.live->lost)
          return std::nullopt;
        return std::max(*its.live->asked_at, its.since) + limits.stop;
      });
}

std::string kill_deadline(const simulation_model& known, const trace_event& now) {
  if (known.run_forced()) return {};
  return first_late(known, now, " was to be gone, or abandoned, by ",
                    [&known](const key_facts& its, const process_deadlines& limits) -> std::optional<moment> {
                      if (limits.stop.count() <= 0 || limits.kill.count() <= 0 || its.state != row_state::stopping || !its.live->forced_at)
                        return std::nullopt;
                      return std::max({*its.live->forced_at, its.since, known.jumped_to()}) + limits.stop + limits.kill;
                    });
}

// Whether this is a start that a policy has granted.
bool is_restart(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::state || now.state != row_state::starting) return false;
  const key_facts& its = known.key(now.key);
  return its.due && its.starts_open == 0 && its.generation == now.generation && its.as_row_wants();
}

std::string backoff_is_waited_for(const simulation_model& known, const trace_event& now) {
  if (!is_restart(known, now) || now.at >= *known.key(now.key).due) return {};
  return "not before " + short_text(*known.key(now.key).due);
}

// One restart more than the budget allows, all of them due within the window: their ends and the present start are.
bool exceeds(const restart_facts& done, const restart_budget& budget, moment now) {
  const auto& ends = done.since_cleared;
  return ends.size() > budget.restarts && now - ends[ends.size() - 1 - budget.restarts].ended < budget.window;
}

std::string budget_is_held(const simulation_model& known, const trace_event& now) {
  if (!is_restart(known, now)) return {};
  const key_facts& its = known.key(now.key);
  const restart_policy& policy = known.row(its.rows.at(now.generation).version).policy;
  if (!policy.budget || its.restarts.since_cleared.empty() || !exceeds(its.restarts, *policy.budget, now.at)) return {};
  if (policy.budget->then == exhausted::give_up) return "its budget is used up";
  const moment slow = policy.delays.delay(std::numeric_limits<std::uint32_t>::max(), 0);
  return now.at - its.restarts.since_cleared.back().ended >= slow ? "" : "its budget is used up, and the maximum delay is not over";
}

std::string budget_of_group_is_held(const simulation_model& known, const trace_event& now) {
  const bool goes_on = known.is_failure(now) && now.state == row_state::backoff;
  if (!goes_on || !known.place(now.key, now.generation).group || known.key(now.key).generation != now.generation) return {};
  const std::size_t number = *known.place(now.key, now.generation).group;
  const auto& budget = known.plan().groups[number].restart.budget;
  if (!budget || budget->then != exhausted::give_up || known.key(now.key).starts_open > 0) return {};
  restart_facts with_this = known.group(number);
  with_this.since_cleared.push_back({now.at, known.taken()});
  // What is granted now is due after the longest delay at the latest.
  return exceeds(with_this, *budget, now.at + known.plan().groups[number].restart.delays.max + std::chrono::milliseconds(80))
             ? "that of its group is used up"
             : "";
}

std::size_t still_counted(const restart_facts& done, const restart_policy& policy, moment now) {
  const auto counts = [&](moment ended) { return ended + policy.delays.max + policy.budget->window > now; };
  return static_cast<std::size_t>(std::ranges::count_if(done.ever, counts));
}

std::string gives_up_only_when_used_up(const simulation_model& known, const trace_event& now) {
  if (!known.is_failure(now) || now.state != row_state::gave_up) return {};
  const key_facts& its = known.key(now.key);
  const auto row = its.rows.find(now.generation);
  const auto used_up = [&](const restart_facts& done, const restart_policy& policy) {
    return policy.budget && policy.budget->then == exhausted::give_up && still_counted(done, policy, now.at) >= policy.budget->restarts;
  };
  if (row == its.rows.end() || used_up(its.restarts, known.row(row->second.version).policy)) return {};
  if (const auto group = known.place(now.key, now.generation).group; group && used_up(known.group(*group), known.plan().groups[*group].restart))
    return {};
  return "there is room in its budget";
}

std::string in_use_in_time(const simulation_model& known, const trace_event& now) {
  if (now.what == happening::in_use && known.run_forced() && now.at > known.ends_since()) return "M15: its context has stopped before";
  if (!known.run_begun() || known.in_use() || known.run_forced() || now.what == happening::in_use) return {};
  const moment due = std::max(*known.run_begun(), known.jumped_to()) + known.plan().initial_wait;
  return known.is_late(due, now) ? "the initial wait was over at " + short_text(due) : "";
}

std::string nothing_starts_at_the_end(const simulation_model& known, const trace_event& now) {
  const bool starts = now.what == happening::begun || (now.what == happening::state && now.state == row_state::starting);
  return starts && known.ends_since() && now.at > *known.ends_since() ? "the manager has been ending since " + short_text(*known.ends_since()) : "";
}

std::string all_end_with_the_run(const simulation_model& known, const trace_event& now) {
  if (now.what == happening::stuck) return "the run, or somebody who called it, does not end";
  if (now.what != happening::over) return {};
  for (std::size_t key = 0; key < known.size(); ++key) {
    const key_facts& its = known.key(key);
    if (its.alive() != nullptr || is_alive(its.state) || its.state == row_state::waiting || its.state == row_state::backoff)
      return known.plan().keys[key] + " is " + std::string(to_string(its.state)) + (its.alive() != nullptr ? ", and alive" : "");
  }
  return {};
}

constexpr std::array<simulation_law, 10> laws{{{"D11_start_deadline", start_deadline},
                                               {"D11_stop_deadline", stop_deadline},
                                               {"D11_kill_deadline", kill_deadline},
                                               {"M8_backoff_is_waited_for", backoff_is_waited_for},
                                               {"M8_budget_is_held", budget_is_held},
                                               {"M8_budget_of_group_is_held", budget_of_group_is_held},
                                               {"M8_gives_up_only_when_used_up", gives_up_only_when_used_up},
                                               {"M2_in_use_in_time", in_use_in_time},
                                               {"M9_nothing_starts_at_the_end", nothing_starts_at_the_end},
                                               {"M9_all_end_with_the_run", all_end_with_the_run}}};

}  // namespace

std::span<const simulation_law> laws_of_time() noexcept { return laws; }

}  // namespace steward::testing
