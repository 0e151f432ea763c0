// SPDX-License-Identifier: Apache-2.0
#include "simulation_laws.hpp"

#include <algorithm>
#include <array>

namespace steward::testing {
namespace {

std::string what_it_needs_runs_first(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::state || now.state != row_state::starting || known.key(now.key).starts_open > 0) return {};
  // What another manager has remembered comes without its row: what it needs is read before its process begins.
  if (known.key(now.key).store.has_forgotten || !known.key(now.key).read.has_row) return {};
  if (known.key(now.key).outlived) return {};
  const auto runs = [&](std::size_t other) { return known.key(other).state == row_state::running; };
  const simulated_place& where = known.place(now.key, now.generation);
  for (const std::size_t each : where.after)
    if (!runs(each)) return known.plan().keys[each] + ", which it comes after, is not running";
  for (const auto& each : where.required)
    if (!runs(each.key)) return known.plan().keys[each.key] + ", which it requires, is not running";
  return {};
}

// Whether it ran at some time in this instant, which is a long one if the machine has slept.
bool ran_at(const simulation_model& known, std::size_t key, moment now) {
  return known.key(key).state == row_state::running || known.key(key).ran_until == now || (known.key(key).ran_until && known.jumped_to() == now);
}

// Its row is read again before it begins, and may need others than it did when it was its turn.
std::string what_it_needs_after_an_edit_runs_first(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::begun || known.key(now.key).by_hand || known.ends_since() || known.is_heir(now) || known.is_instead(now)) return {};
  const auto down = [&](std::size_t other) { return !ran_at(known, other, now.at); };
  const simulated_place& where = known.row(now.version).where;
  for (const std::size_t each : where.after)
    if (down(each)) return known.plan().keys[each] + ", which it comes after, is not running";
  for (const auto& each : where.required)
    if (down(each.key)) return known.plan().keys[each.key] + ", which it requires, is not running";
  return {};
}

// What outlives a manager may require what is being taken over, or is about to be: it has run before.
bool is_there(const simulation_model& known, std::size_t key) {
  const key_facts& its = known.key(key);
  const bool has_outlived = its.outlived || (its.live && its.live->outlived);
  return its.state == row_state::running || (its.state == row_state::starting && has_outlived);
}

// A moment is over: who requires something that does not run goes down with it; what outlived a manager not before all rows have been read.
std::string what_it_requires_runs_as_long(const simulation_model& known, const trace_event& now) {
  if (now.at <= known.now() || known.ends_since()) return {};
  for (std::size_t key = 0; key < known.size(); ++key) {
    const key_facts& its = known.key(key);
    if (!its.live || its.by_hand || (its.state != row_state::starting && its.state != row_state::running)) continue;
    if (its.live->outlived && !its.live->is_looked_after) continue;
    for (const auto& each : known.place(key).required)
      if (each.loss != on_loss::ignore && !is_there(known, each.key))
        return known.plan().keys[key] + " is " + std::string(to_string(its.state)) + ", and " + known.plan().keys[each.key] +
               ", which it requires, is " + std::string(to_string(known.key(each.key).state));
  }
  return {};
}

bool goes_before(const simulation_model& known, std::size_t who, std::size_t whom) {
  const simulated_place& where = known.place(who);
  const key_facts& its = known.key(whom);
  const bool ends = known.told_at_the_end(its.state_told) && its.because_of == trace_event::no_key && its.stops_open == 0 && its.as_row_wants();
  return (ends && std::ranges::find(where.after, whom) != where.after.end()) ||
         std::ranges::any_of(where.required, [&](const auto& each) { return each.key == whom && (ends || each.loss != on_loss::ignore); });
}

std::string who_requires_it_is_gone_first(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::asked) return {};
  const key_facts& its = known.key(now.key);
  if (its.state != row_state::stopping || !its.live || its.live->begun != now.call || its.live->forced_at || its.live->lost) return {};
  for (std::size_t other = 0; other < known.size(); ++other) {
    const auto& process = known.key(other).live;
    if (process && process->begun < its.state_told && goes_before(known, other, now.key))
      return known.plan().keys[other] + ", which requires it, is alive";
  }
  return {};
}

std::string not_too_many_start(const simulation_model& known, const trace_event& now) {
  const std::size_t limit = known.plan().max_starting;
  if (limit == 0 || now.what != happening::begun || known.key(now.key).by_hand || known.is_heir(now) || known.is_instead(now)) return {};
  std::size_t count = 1;
  for (std::size_t key = 0; key < known.size(); ++key) {
    const key_facts& its = known.key(key);
    if (key != now.key && its.state == row_state::starting && !its.by_hand && its.live && !its.live->ready_at && !its.live->outlived) ++count;
  }
  return count <= limit ? "" : std::to_string(count) + " start at a time";
}

std::string group_goes_down_together(const simulation_model& known, const trace_event& now) {
  if (now.at <= known.now() || known.ends_since()) return {};
  for (std::size_t key = 0; key < known.size(); ++key)
    if (known.key(key).goes_with_group)
      return known.plan().keys[key] + " is " + std::string(to_string(known.key(key).state)) + ", and another of its group has failed";
  return {};
}

// Whoever has gone its own way meanwhile is not waited for: it was edited, somebody has called for it, or it goes because of what it requires.
std::string group_comes_up_when_all_are_gone(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::state || now.state != row_state::starting) return {};
  const key_facts& its = known.key(now.key);
  if (known.group_may_give_up(now.key) || its.starts_open + its.stops_open > 0 || its.generation_at_failure != now.generation ||
      its.calls != its.calls_at_failure || !its.as_row_wants())
    return {};
  for (const auto& [other, incarnation] : its.waits_to_go) {
    const key_facts& others = known.key(other);
    const auto of_its_own = [&](const auto& each) { return each.key == others.because_of && each.loss != on_loss::ignore; };
    if (std::ranges::any_of(known.place(other).required, of_its_own)) continue;
    if (others.live && others.live->incarnation == incarnation && others.starts_open + others.stops_open == 0 &&
        others.calls == others.calls_at_failure && others.as_row_wants())
      return known.plan().keys[other] + ", which went down with it, is alive";
  }
  return {};
}

constexpr std::array<simulation_law, 7> laws{{{"M8_what_it_needs_runs_first", what_it_needs_runs_first},
                                              {"M8_what_it_needs_after_an_edit_runs_first", what_it_needs_after_an_edit_runs_first},
                                              {"M8_what_it_requires_runs_as_long", what_it_requires_runs_as_long},
                                              {"M9_who_requires_it_is_gone_first", who_requires_it_is_gone_first},
                                              {"M8_not_too_many_start", not_too_many_start},
                                              {"M8_group_goes_down_together", group_goes_down_together},
                                              {"M8_group_comes_up_when_all_are_gone", group_comes_up_when_all_are_gone}}};

}  // namespace

std::span<const simulation_law> laws_of_order() noexcept { return laws; }

}  // namespace steward::testing
