// SPDX-License-Identifier: Apache-2.0
#include "steward/obstacle.hpp"

#include "steward/detail/enum_names.hpp"

namespace steward {
namespace {

constexpr detail::enum_names<obstacle, 15> names{{
    {obstacle::none, "none"},
    {obstacle::unwanted, "unwanted"},
    {obstacle::stopped, "stopped"},
    {obstacle::requirement_lost, "requirement_lost"},
    {obstacle::waits_for_others, "waits_for_others"},
    {obstacle::waits_for_place, "waits_for_place"},
    {obstacle::starts, "starts"},
    {obstacle::backs_off, "backs_off"},
    {obstacle::waits_for_group, "waits_for_group"},
    {obstacle::waits_for_store, "waits_for_store"},
    {obstacle::completed, "completed"},
    {obstacle::gave_up, "gave_up"},
    {obstacle::waits_for_dependents, "waits_for_dependents"},
    {obstacle::stops, "stops"},
    {obstacle::forced, "forced"},
}};

}  // namespace

std::string_view to_string(obstacle what) noexcept { return detail::name_of(names, what); }

std::optional<obstacle> obstacle_from_string(std::string_view text) noexcept { return detail::with_name(names, text); }

obstacle obstacle_of(const obstacle_facts& facts) noexcept {
  switch (facts.state) {
    case row_state::waiting:
      return facts.needs_others ? obstacle::waits_for_others : obstacle::waits_for_place;
    case row_state::starting:
      return obstacle::starts;
    case row_state::running:
      return obstacle::none;
    case row_state::stopping:
    case row_state::abandoned:
      if (facts.forced) return obstacle::forced;
      return facts.requested ? obstacle::stops : obstacle::waits_for_dependents;
    case row_state::backoff:
      if (facts.makes_sure) return obstacle::waits_for_store;
      return facts.with_group ? obstacle::waits_for_group : obstacle::backs_off;
    case row_state::stopped:
      if (facts.unwanted) return obstacle::unwanted;
      return facts.parked ? obstacle::requirement_lost : obstacle::stopped;
    case row_state::completed:
      return obstacle::completed;
    case row_state::gave_up:
      return obstacle::gave_up;
  }
  return obstacle::none;
}

}  // namespace steward
