// SPDX-License-Identifier: Apache-2.0
#include "steward/row_state.hpp"

#include "steward/detail/enum_names.hpp"

namespace steward {
namespace {

constexpr detail::enum_names<row_state, row_states> state_names{{
    {row_state::waiting, "waiting"},
    {row_state::starting, "starting"},
    {row_state::running, "running"},
    {row_state::stopping, "stopping"},
    {row_state::backoff, "backoff"},
    {row_state::stopped, "stopped"},
    {row_state::completed, "completed"},
    {row_state::gave_up, "gave_up"},
    {row_state::abandoned, "abandoned"},
}};

}  // namespace

std::string_view to_string(row_state state) noexcept { return detail::name_of(state_names, state); }

std::optional<row_state> row_state_from_string(std::string_view text) noexcept { return detail::with_name(state_names, text); }

}  // namespace steward
