// SPDX-License-Identifier: Apache-2.0
//
// That no life of a manager has more than its share is for the laws of budgets, of backoff and of what has settled: what they go by outlives a crash.
#include "simulation_laws.hpp"

#include <array>

namespace steward::testing {
namespace {

// Or a crash would buy one more, every time.
std::string restart_is_stored(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::begun || !known.plan().stores) return {};
  const auto& granted = known.key(now.key).store.restart;
  return granted && known.flushed() < *granted ? "a budget counts this restart, and the store was not asked to make sure of it" : "";
}

constexpr std::array<simulation_law, 1> laws{{{"M8_restart_is_stored", restart_is_stored}}};

}  // namespace

std::span<const simulation_law> laws_of_lives() noexcept { return laws; }

}  // namespace steward::testing
