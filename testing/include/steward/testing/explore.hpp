// SPDX-License-Identifier: Apache-2.0
//
// Many schedules of one scenario: by seeds, or all of them.
#pragma once

#include "steward/testing/choices.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>

namespace steward::testing {

/// Calls `body(seed)` for the seeds 1 to `count`, and stops at the first with which a GoogleTest check fails. What it prints then replays that one
/// alone: with `STEWARD_SEED=17` in the environment the body is called with 17 only. With `STEWARD_SOAK_SECONDS=600` it goes through new seeds for
/// that long instead, and says how far it is.
void for_each_seed(std::size_t count, const std::function<void(std::uint64_t seed)>& body);

/// Calls `body(source)` once for every sequence of choices that it can make, and stops at the first with which a check fails; `STEWARD_CHOICES=0.2.1`
/// in the environment replays it. Returns how many there were. Shape: more than `limit` sequences are a failure: the scenario is too large to be
/// explored whole.
std::size_t for_each_schedule(const std::function<void(choices& source)>& body, std::size_t limit = 5'000'000);

/// A tenth of `count` where `STEWARD_SANITIZED=1` says that every step is ten times as slow.
[[nodiscard]] std::size_t affordable(std::size_t count) noexcept;

}  // namespace steward::testing
