// SPDX-License-Identifier: Apache-2.0
//
// What a keeper had executed when it died, and had not come to tell of.
#pragma once

#include "steward/program/identity.hpp"

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace steward::detail {

/// The time now as start times are told: in clock ticks after boot.
[[nodiscard]] std::uint64_t ticks_after_boot() noexcept;

/// The programs that a keeper has started since then, oldest first, whether it lives or not.
///
/// A keeper leads a session, and each of its programs a group in it, without another parent there. A descendant of a program that leads a group of
/// its own, as a job of a shell does, is none as long as its parent lives. Shape: empty where /proc cannot be read.  Cost: a look at every process of
/// the system, 15–30 µs each.
[[nodiscard]] std::vector<process_identity> started_by(pid_t keeper, std::uint64_t since);

}  // namespace steward::detail
