// SPDX-License-Identifier: Apache-2.0
#include "steward/restart_policy.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace steward {
namespace {

constexpr std::array<std::pair<restart, std::string_view>, 3> names{{
    {restart::always, "always"},
    {restart::on_failure, "on_failure"},
    {restart::never, "never"},
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

}  // namespace

std::string_view to_string(restart when) noexcept {
  for (const auto& [each, name] : names)
    if (each == when) return name;
  return "";
}

std::optional<restart> restart_from_string(std::string_view text) noexcept {
  for (const auto& [each, name] : names)
    if (name == text) return each;
  return std::nullopt;
}

std::chrono::nanoseconds backoff::delay(std::uint32_t failures, double spread) const noexcept {
  if (failures == 0 || initial.count() <= 0 || max.count() <= 0) return std::chrono::nanoseconds(0);
  const auto limit = static_cast<double>(max.count());
  const double growth = std::pow(within(factor, 1.0, std::numeric_limits<double>::max()), static_cast<double>(failures) - 1);
  const double grown = std::min(static_cast<double>(initial.count()) * growth, limit);
  const double moved = grown * (1 + (std::isnan(spread) ? 0 : std::clamp(spread, -1.0, 1.0)) * within(jitter, 0.0, 1.0));
  if (moved >= limit) return max;  // compared before the conversion, which may round up
  return std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(moved));
}

restart_decision decide_restart(const restart_policy& policy, restart_history history, const exit& ended, double spread) noexcept {
  if (was_healthy(ended, policy.delays.reset_after)) history.failures = 0;
  restart_decision next{.again = wanted_again(policy.when, ended), .delay = {}, .history = history};
  if (next.again) next.delay = policy.delays.delay(history.failures, spread);
  if (next.history.failures != std::numeric_limits<std::uint32_t>::max()) ++next.history.failures;
  return next;
}

}  // namespace steward
