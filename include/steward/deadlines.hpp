// SPDX-License-Identifier: Apache-2.0
//
// Deadlines of one component.
#pragma once

#include "steward/runnable.hpp"

#include <chrono>

namespace steward {

/// The same runnable with a time limit for becoming ready, and one for winding down. Who does not keep it is forced: its context stops with reason
/// `deadline`.
///
///     auto web = deadlines(named("http", serve), 60s, 10s);
///
/// Shape: `start` counts from the start of the run, `stop` from the return of the callback; zero or less is no limit. Ready, or ended, at the very
/// instant of the deadline is in time.
/// Stop: passed on. A deadline asks, as every stop does; the run still waits for a runnable that ignores it, which shows up as a straggler.
/// Errors: the callback's. Else, where a deadline passed, that: `not ready within 60s: stopped: deadline` or `not stopped within 10s: …`, matching
/// `errc::stopped` with reason `deadline`, with what the runnable itself failed with beside it. Else the runnable's. A runnable that becomes ready
/// after its deadline is not handed on: its callback fails at once.
/// Cost: one frame, one timer at a time.
[[nodiscard]] runnable deadlines(runnable what, std::chrono::nanoseconds start, std::chrono::nanoseconds stop = {});

}  // namespace steward
