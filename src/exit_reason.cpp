// SPDX-License-Identifier: Apache-2.0
#include "steward/exit_reason.hpp"

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

exit_reason reason_of(const end_facts& facts) noexcept {
  if (facts.failure && facts.failure->is(errc::exception)) return exit_reason::exception;
  if (facts.late) return exit_reason::start_deadline;
  const bool deadline_passed = facts.failure && facts.failure->reason() == stop_reason::deadline;
  const bool of_its_stop = facts.asked && deadline_passed && !facts.failure->inherited();
  if (deadline_passed && !of_its_stop && !facts.was_ready) return exit_reason::start_deadline;
  if (facts.asked || facts.forced) {
    if (facts.failure && !facts.failure->is_stop()) return exit_reason::failed;
    const bool took_its_time = facts.asked && !facts.was_ready && !facts.failure;
    return facts.forced && !took_its_time ? exit_reason::forced : exit_reason::stopped;
  }
  if (facts.failure) return exit_reason::failed;
  return facts.was_ready ? exit_reason::completed : exit_reason::ended_before_ready;
}

}  // namespace steward
