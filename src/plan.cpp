// SPDX-License-Identifier: Apache-2.0
#include "steward/plan.hpp"

#include "steward/detail/enum_names.hpp"

namespace steward {
namespace {

constexpr detail::enum_names<plan_action, 7> names{{
    {plan_action::stop, "stop"},
    {plan_action::restart, "restart"},
    {plan_action::replace, "replace"},
    {plan_action::reload, "reload"},
    {plan_action::keep, "keep"},
    {plan_action::start, "start"},
    {plan_action::wait, "wait"},
}};

}  // namespace

std::string_view to_string(plan_action action) noexcept { return detail::name_of(names, action); }

std::optional<plan_action> plan_action_from_string(std::string_view text) noexcept { return detail::with_name(names, text); }

}  // namespace steward
