// SPDX-License-Identifier: Apache-2.0
#include "steward/exit.hpp"

#include "steward/detail/enum_names.hpp"

namespace steward {
namespace {

constexpr detail::enum_names<exit_reason, 7> names{{
    {exit_reason::completed, "completed"},
    {exit_reason::stopped, "stopped"},
    {exit_reason::failed, "failed"},
    {exit_reason::ended_before_ready, "ended_before_ready"},
    {exit_reason::start_deadline, "start_deadline"},
    {exit_reason::forced, "forced"},
    {exit_reason::exception, "exception"},
}};

}  // namespace

std::string_view to_string(exit_reason reason) noexcept { return detail::name_of(names, reason); }

std::optional<exit_reason> exit_reason_from_string(std::string_view text) noexcept { return detail::with_name(names, text); }

}  // namespace steward
