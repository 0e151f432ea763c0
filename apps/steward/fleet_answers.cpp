// SPDX-License-Identifier: Apache-2.0
//
// What the fleet tells of its units, at once and without changing anything.
#include "failures.hpp"
#include "fleet.hpp"
#include "unit_exit.hpp"
#include "unit_program.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <tuple>

namespace steward {
namespace {

std::string node_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

}  // namespace

unit_status fleet::to_unit_status(const std::string& key, const row_status<std::string>& from) const {
  unit_status to;
  to.key = key;
  to.state = from.state;
  to.pid = pid_of(key);
  to.incarnation = from.incarnation;
  to.restarts = from.restarts;
  to.generation = from.generation;
  to.since = on_the_wall(since_of(key, from.state, from.since));
  if (const exit* const last = last_of(key, from.last)) to.exit = to_unit_exit(*last);
  to.waiting_for = from.waiting_for;
  to.missing = missing_of(from.waiting_for);
  to.next_start_at = on_the_wall(from.until);
  to.error = problem_of(key);
  return to;
}

unit_event fleet::to_unit_event(const manager_event<std::string>& from) {
  unit_event to;
  to.at = on_the_wall(from.at);
  if (from.key != nullptr) to.key = *from.key;
  if (from.problem != nullptr) {
    to.error = from.problem->to_string();
    return to;
  }
  to.state = from.state;
  to.generation = from.generation;
  to.incarnation = from.incarnation;
  if (from.ended != nullptr) to.exit = to_unit_exit(*from.ended);
  if (from.because_of != nullptr) to.because_of = *from.because_of;
  to.until = on_the_wall(from.until);
  return to;
}

std::optional<int> fleet::pid_of(const std::string& key) const {
  const auto known = pids_.find(key);
  return known == pids_.end() ? std::nullopt : std::optional(known->second);
}

// For the manager everything begins with it.
instant fleet::since_of(const std::string& key, row_state state, instant since) const {
  const auto known = ran_before_.find(key);
  return state == row_state::running && known != ran_before_.end() ? std::min(known->second, since) : since;
}

// Its group starts again when all that go down are gone.
std::vector<std::string> fleet::going_in_group_of(const std::string& key) const {
  std::vector<std::string> going;
  const auto group = group_of_.find(key);
  if (group == group_of_.end()) return going;
  for (const auto& [member, name] : group_of_)
    if (name == group->second && is_stopping(member)) going.push_back(member);
  return going;
}

std::vector<std::string> fleet::missing_of(const std::vector<std::string>& waiting_for) const {
  std::vector<std::string> missing;
  std::ranges::copy_if(waiting_for, std::back_inserter(missing), [this](const std::string& each) { return !manager_.status(each); });
  return missing;
}

std::optional<std::string> fleet::problem_of(const std::string& key) const {
  // What is wrong with a row is told anew in each pass.
  if (const auto known = problems_.find(key); known != problems_.end() && manager_.passes() <= known->second.passes + 1) return known->second.text;
  if (auto left = what_becomes_of_left(key)) return left;
  if (const auto known = log_troubles_.find(key); known != log_troubles_.end()) return log_trouble_text(key, known->second);
  return std::nullopt;
}

std::optional<unit_explanation> fleet::explain(const std::string& key) const {
  const auto known = manager_.explain(key);
  if (!known) return std::nullopt;
  unit_explanation to;
  to.key = key;
  to.state = known->state;
  to.why = known->why;
  to.since = on_the_wall(since_of(key, known->state, known->since));
  to.until = on_the_wall(known->until);
  to.waiting_for = known->why == obstacle::waits_for_group ? going_in_group_of(key) : known->waiting_for;
  to.missing = missing_of(known->waiting_for);
  to.cycle = known->cycle;
  to.because_of = known->because_of;
  if (to.because_of) to.root_cause = root_cause_of(key, events_.all());
  if (const exit* const last = last_of(key, known->last)) to.exit = to_unit_exit(*last);
  to.error = problem_of(key);
  if (const auto probed = not_ready_.find(key); !to.error && probed != not_ready_.end()) to.error = "not ready: " + probed->second;
  return to;
}

std::vector<unit_straggler> fleet::stragglers() const {
  std::vector<unit_straggler> all;
  for (const auto& each : manager_.stragglers())
    all.push_back({.key = each.key, .pid = pid_of(each.key), .incarnation = each.incarnation, .since = on_the_wall(each.since), .at = each.at});
  for (const auto& [key, left] : spawner_.unclaimed()) {
    if (!left->ending_since) continue;
    const auto at = left->killed ? obstacle::forced : obstacle::stops;
    all.push_back({.key = key,
                   .pid = left->what.pid,
                   .incarnation = incarnation_of(left->what.note).value_or(0),
                   .since = on_the_wall(*left->ending_since),
                   .at = at});
  }
  std::ranges::sort(all, {}, [](const unit_straggler& each) { return std::tie(each.since, each.key); });
  return all;
}

daemon_status fleet::status() const {
  daemon_status all;
  all.node = node_name();
  all.pid = ::getpid();
  all.since = since_;
  if (const auto trouble = manager_.unreadable()) {
    all.table_unreadable_since = on_the_wall(trouble->first);
    all.table_error = trouble->second.to_string();
  } else if (const auto seen = store_.trouble()) {  // before a pass has met with it
    all.table_unreadable_since = std::chrono::time_point_cast<std::chrono::milliseconds>(seen->since);
    all.table_error = seen->why.to_string();
  }
  for (const auto& [key, known] : manager_.snapshot()) all.units.push_back(to_unit_status(key, known));
  std::ranges::sort(all.units, {}, &unit_status::key);
  return all;
}

std::optional<unit_status> fleet::status(const std::string& key) const {
  const auto known = manager_.status(key);
  if (!known) return std::nullopt;
  return to_unit_status(key, *known);
}

std::string fleet::log_trouble_text(const std::string& key, std::error_code why) const {
  return fmt::format("output cannot be written to {}: {}", log_of(key).string(), why.message());
}

}  // namespace steward
