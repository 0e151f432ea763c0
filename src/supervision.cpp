// SPDX-License-Identifier: Apache-2.0
#include "steward/supervision.hpp"

#include "steward/detail/enum_names.hpp"

#include <algorithm>
#include <utility>

namespace steward {
namespace {

constexpr detail::enum_names<on_loss, 3> loss_names{{
    {on_loss::ignore, "ignore"},
    {on_loss::restart, "restart"},
    {on_loss::stop, "stop"},
}};

constexpr detail::enum_names<group_strategy, 3> strategy_names{{
    {group_strategy::one_for_one, "one_for_one"},
    {group_strategy::one_for_all, "one_for_all"},
    {group_strategy::rest_for_one, "rest_for_one"},
}};

}  // namespace

group_decision decide_group(const group_policy& policy, restart_history history, const restart_decision& own, const exit& ended, double spread) {
  restart_policy counted = policy.restart;
  counted.when = restart::always;  // that it is restarted its own policy has decided
  restart_decision whole = decide_restart(counted, std::move(history), ended, spread);
  group_decision decision;
  decision.what = own.what == verdict::gave_up || whole.what == verdict::gave_up ? verdict::gave_up : verdict::restart;
  decision.together = policy.strategy != group_strategy::one_for_one;
  decision.delay = decision.together || whole.slow ? std::max(own.delay, whole.delay) : own.delay;
  decision.history = std::move(whole.history);
  return decision;
}

std::string_view to_string(on_loss what) noexcept { return detail::name_of(loss_names, what); }

std::optional<on_loss> on_loss_from_string(std::string_view text) noexcept { return detail::with_name(loss_names, text); }

std::string_view to_string(group_strategy strategy) noexcept { return detail::name_of(strategy_names, strategy); }

std::optional<group_strategy> group_strategy_from_string(std::string_view text) noexcept { return detail::with_name(strategy_names, text); }

}  // namespace steward
