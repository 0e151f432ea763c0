// SPDX-License-Identifier: Apache-2.0
#include "steward/restart_policy.hpp"

#include "steward/detail/enum_names.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace steward {
namespace {

constexpr detail::enum_names<restart, 3> restart_names{{
    {restart::always, "always"},
    {restart::on_failure, "on_failure"},
    {restart::never, "never"},
}};

constexpr detail::enum_names<exhausted, 2> exhausted_names{{
    {exhausted::slow_retry, "slow_retry"},
    {exhausted::give_up, "give_up"},
}};

bool wanted_again(restart when, const exit& ended) noexcept {
  switch (when) {
    case restart::always:
      return true;
    case restart::on_failure:
      return !ended.clean();
    case restart::never:
      return false;
  }
  return false;
}

bool was_healthy(const exit& ended, std::chrono::nanoseconds reset_after) noexcept {
  return ended.ready_at && ended.ended_at && *ended.ended_at - *ended.ready_at >= reset_after;
}

// Policies come from files and tables: a number out of its range, or none at all, counts as the nearest one inside.
double within(double value, double low, double high) noexcept { return std::isnan(value) ? low : std::clamp(value, low, high); }

// Forgets the restarts of a time that no delay reaches: they were remembered by a clock that has been set back since.
void forget_those_to_come(std::vector<instant>& recent, instant latest) {
  std::erase_if(recent, [latest](instant each) { return each > latest; });
}

// Forgets the restarts that are no longer in the window that ends at `due`.
void forget_old(std::vector<instant>& recent, instant due, std::chrono::nanoseconds window) {
  std::erase_if(recent, [&](instant each) { return later(each, window) <= due; });
}

}  // namespace

std::string_view to_string(restart when) noexcept { return detail::name_of(restart_names, when); }

std::optional<restart> restart_from_string(std::string_view text) noexcept { return detail::with_name(restart_names, text); }

std::string_view to_string(exhausted then) noexcept { return detail::name_of(exhausted_names, then); }

std::optional<exhausted> exhausted_from_string(std::string_view text) noexcept { return detail::with_name(exhausted_names, text); }

std::chrono::nanoseconds backoff::delay(std::uint32_t failures, double spread) const noexcept {
  if (failures == 0 || initial.count() <= 0 || max.count() <= 0) return std::chrono::nanoseconds(0);
  const auto limit = static_cast<double>(max.count());
  const double growth = std::pow(within(factor, 1.0, std::numeric_limits<double>::max()), static_cast<double>(failures) - 1);
  const double grown = std::min(static_cast<double>(initial.count()) * growth, limit);
  const double moved = grown * (1 + (std::isnan(spread) ? 0 : std::clamp(spread, -1.0, 1.0)) * within(jitter, 0.0, 1.0));
  if (moved >= limit) return max;  // compared before the conversion, which may round up
  return std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(moved));
}

restart_decision decide_restart(const restart_policy& policy, restart_history history, const exit& ended, double spread) {
  if (was_healthy(ended, policy.delays.reset_after)) history.failures = 0;
  restart_decision next;
  next.history = std::move(history);
  const std::uint32_t before = next.history.failures;
  if (before != std::numeric_limits<std::uint32_t>::max()) ++next.history.failures;
  if (!wanted_again(policy.when, ended)) return next;
  next.what = verdict::restart;
  next.delay = policy.delays.delay(before, spread);
  if (!policy.budget || !ended.ended_at) return next;

  const restart_budget& budget = *policy.budget;
  std::vector<instant>& recent = next.history.recent;
  forget_those_to_come(recent, later(*ended.ended_at, policy.delays.max));
  forget_old(recent, later(*ended.ended_at, next.delay), budget.window);
  if (recent.size() >= budget.restarts) {
    if (budget.then == exhausted::give_up) {
      next.what = verdict::gave_up;
      next.delay = {};
      return next;
    }
    next.slow = true;
    next.delay = policy.delays.delay(std::numeric_limits<std::uint32_t>::max(), spread);
    forget_old(recent, later(*ended.ended_at, next.delay), budget.window);
  }
  recent.push_back(later(*ended.ended_at, next.delay));
  if (recent.size() > budget.restarts) recent.erase(recent.begin());
  return next;
}

}  // namespace steward
