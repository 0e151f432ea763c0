// SPDX-License-Identifier: Apache-2.0
#include "steward/reconcile.hpp"

#include "steward/detail/enum_names.hpp"

namespace steward {
namespace {

constexpr detail::enum_names<row_edit, 4> edit_names{{
    {row_edit::keep, "keep"},
    {row_edit::reload, "reload"},
    {row_edit::restart, "restart"},
    {row_edit::replace, "replace"},
}};

}  // namespace

std::string_view to_string(row_edit kind) noexcept { return detail::name_of(edit_names, kind); }

std::optional<row_edit> row_edit_from_string(std::string_view text) noexcept { return detail::with_name(edit_names, text); }

exit_reason reason_of(const end_facts& facts) noexcept {
  if (facts.failure && facts.failure->is(errc::exception)) return exit_reason::exception;
  const bool only_stopped = facts.failure && facts.failure->is_stop();
  if (facts.late) return exit_reason::start_deadline;
  if (only_stopped && !facts.was_ready && facts.failure->reason() == stop_reason::deadline) return exit_reason::start_deadline;
  if (facts.asked || facts.forced) {
    if (facts.failure && !only_stopped) return exit_reason::failed;
    return facts.forced ? exit_reason::forced : exit_reason::stopped;
  }
  if (facts.failure) return exit_reason::failed;
  return facts.was_ready ? exit_reason::completed : exit_reason::ended_before_ready;
}

}  // namespace steward
