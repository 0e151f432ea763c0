// SPDX-License-Identifier: Apache-2.0
#include "explain_text.hpp"

#include "duration_text.hpp"
#include "status_text.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace steward {
namespace {

std::string names(const std::vector<std::string>& all) { return printable(fmt::format("{}", fmt::join(all, ", "))); }

std::string way(const std::vector<std::string>& all) { return printable(fmt::format("{}", fmt::join(all, " -> "))); }

std::string last_end(const unit_explanation& what) { return what.exit ? fmt::format(" ({})", exit_text(*what.exit)) : std::string(); }

std::string waits_for_others(const unit_explanation& what) {
  if (!what.cycle.empty()) return fmt::format("it waits in a circle, which never ends: {}", way(what.cycle));
  if (what.waiting_for.empty()) return "what it waits for runs by now, and it starts";
  return fmt::format("it waits for {}, which {} not run{}", names(what.waiting_for), what.waiting_for.size() == 1 ? "does" : "do",
                     no_such_units(what.missing));
}

std::string past(wall_time at, wall_time now) { return fmt::format("{} ({} ago)", timestamp_text(at), short_duration_text(now - at)); }

std::string future(wall_time at, wall_time now) {
  if (at <= now) return fmt::format("{}, and is due", timestamp_text(at));
  return fmt::format("{} (in {}, at the latest)", timestamp_text(at), remaining_text(at - now));
}

std::string_view point_text(obstacle at) {
  if (at == obstacle::waits_for_dependents) return "is to stop when those that need it are gone";
  return at == obstacle::forced ? "was killed" : "was asked to stop";
}

std::string step_text(const planned<std::string>& step) {
  std::string text = fmt::format("{:<8} {}", to_string(step.action), printable(step.key));
  if (step.action == plan_action::keep) text += ", which goes on under its new policy";
  if (step.because_of) text += fmt::format(", which requires {}", printable(*step.because_of));
  if (!step.waiting_for.empty()) text += fmt::format(", which waits for {}", names(step.waiting_for));
  return text;
}

}  // namespace

std::string why_text(const unit_explanation& what) {
  switch (what.why) {
    case obstacle::none:
      return "it runs";
    case obstacle::unwanted:
      return "it is to be down, until somebody starts it";
    case obstacle::stopped:
      return "it was stopped, and starts with the next look at the table";
    case obstacle::requirement_lost:
      return fmt::format("{}, which it requires, went down, and it stays down until it is started or changed",
                         what.because_of ? printable(*what.because_of) : "a unit");
    case obstacle::waits_for_others:
      return waits_for_others(what);
    case obstacle::waits_for_place:
      return "enough are starting at the moment, and it is its turn soon";
    case obstacle::starts:
      return "it starts, and is not ready yet";
    case obstacle::backs_off:
      return fmt::format("it ended{}, and is started again", last_end(what));
    case obstacle::waits_for_group:
      return what.waiting_for.empty()
                 ? "it is started again together with its group"
                 : fmt::format("it is started again together with its group, when {}, which {}, {} gone", names(what.waiting_for),
                               what.waiting_for.size() == 1 ? "stops" : "stop", what.waiting_for.size() == 1 ? "is" : "are");
    case obstacle::waits_for_store:
      return fmt::format("it ended{}, and is started again when that is written down", last_end(what));
    case obstacle::completed:
      return fmt::format("it is done{}, and its restart policy leaves it at that", last_end(what));
    case obstacle::gave_up:
      if (what.exit && was_stopped(*what.exit))  // a daemon that was started since does not know with whom
        return fmt::format("it went down with {} is used up; it stays down until it is started or changed",
                           what.because_of ? fmt::format("{}, and the restart budget of its group", printable(*what.because_of))
                                           : "its group, whose restart budget");
      return fmt::format("it ended too often{}: its restart budget, or that of its group, is used up; it stays down until it is started or changed",
                         last_end(what));
    case obstacle::waits_for_dependents:
      return "it stops as soon as those that need it are gone";
    case obstacle::stops:
      return "it was asked to stop, and is not gone";
    case obstacle::forced:
      return "it was killed, and is not gone";
  }
  return {};
}

std::string explanation_sheet(const unit_explanation& what, wall_time now) {
  std::vector<std::pair<std::string_view, std::string>> lines{
      {"unit", printable(what.key)}, {"state", std::string(to_string(what.state))}, {"why", why_text(what)}, {"since", past(what.since, now)}};
  if (what.until) lines.emplace_back("until", future(*what.until, now));
  if (!what.waiting_for.empty()) lines.emplace_back("waits for", names(what.waiting_for));
  if (!what.cycle.empty()) lines.emplace_back("circle", way(what.cycle));
  if (what.because_of) lines.emplace_back("because of", printable(*what.because_of));
  if (what.root_cause) lines.emplace_back("root cause", printable(*what.root_cause));
  if (what.exit) {
    lines.emplace_back("last exit", exit_text(*what.exit));
    if (what.exit->error) lines.emplace_back("  error", printable(*what.exit->error));
    if (what.exit->ended_at) lines.emplace_back("  ended", past(*what.exit->ended_at, now));
  }
  if (what.error) lines.emplace_back("error", printable(*what.error));
  std::string out;
  for (const auto& [name, value] : lines) out += fmt::format("{:<12} {}\n", name, value);
  return out;
}

std::string straggler_table(const std::vector<unit_straggler>& all, wall_time now) {
  if (all.empty()) return "nothing is left over\n";
  std::vector<std::array<std::string, 4>> rows{{"UNIT", "PID", "FOR", "POINT"}};
  for (const unit_straggler& each : all)
    rows.push_back({printable(each.key), each.pid ? fmt::format("{}", *each.pid) : "-", short_duration_text(now - each.since),
                    std::string(point_text(each.at))});
  std::array<std::size_t, 3> wide{};
  for (const auto& row : rows)
    for (std::size_t i = 0; i < wide.size(); ++i) wide.at(i) = std::max(wide.at(i), columns(row.at(i)));
  std::string out;
  for (const auto& [unit, pid, age, point] : rows)
    out += fmt::format("{:<{}}  {:>{}}  {:>{}}  {}\n", unit, wide[0], pid, wide[1], age, wide[2], point);
  return out;
}

std::string plan_text(const plan_answer& plan) {
  const auto& [added, changed, unchanged] = plan.units;
  if (added.empty() && changed.empty() && plan.steps.empty()) return "nothing would change\n";
  std::string out;
  if (!added.empty()) out += fmt::format("would add: {}\n", names(added));
  if (!changed.empty()) out += fmt::format("would change: {}\n", names(changed));
  if (plan.steps.empty()) return out + "nothing would be started or stopped\n";
  const std::size_t wide = fmt::format("{}", plan.steps.size()).size();
  std::size_t number = 0;
  for (const auto& step : plan.steps) out += fmt::format("{:>{}}. {}\n", ++number, wide, step_text(step));
  return out;
}

}  // namespace steward
