// SPDX-License-Identifier: Apache-2.0
//
// Where a manager is known not to keep its laws, and the simulator looks away until it does: one line each, to be deleted with what it excuses.
#pragma once

namespace steward::testing::gaps {

/// Between the begin of a start and its process nobody sees what it requires go: it lives on without it, or is waited for without being counted.
inline constexpr bool requirements_during_start = true;

/// A start by hand that its group has ended before there was a process stays among those that the group starts again, and holds up the others.
inline constexpr bool cancelled_by_its_group = true;

/// A start whose row is being read when the manager ends goes on, unseen by those that have to be gone after it.
inline constexpr bool start_during_the_end = true;

/// A pass that comes late to a row applies it as it was, though a start has read a newer one since.
inline constexpr bool outdated_pages = true;

/// Forcing once more begins the time until it is abandoned anew.
inline constexpr bool forced_twice = true;

}  // namespace steward::testing::gaps
