// SPDX-License-Identifier: Apache-2.0
//
// A pair of functions as a runnable.
#pragma once

#include "steward/detail/step.hpp"
#include "steward/process.hpp"

namespace steward {

/// A runnable that is ready when `start` has succeeded, and ends when `stop` has returned.
///
/// Shape: both have the signature `task<>(context&)`, are kept as long as the runnable, and get the context of the run; so does the callback.
/// Stop: nothing is lost in between, so a forced end goes the same way: callback and `stop` are called even if the context is stopped, and see that
/// it is.
/// Errors: `start`'s, and then neither callback nor `stop` is called (SS1); otherwise the callback's, else `stop`'s (SS2).
/// Source: laws SS1 and SS2.
[[nodiscard]] runnable start_stop(detail::step start, detail::step stop);

/// Nests a process: it is started, and stopped when the callback has returned (PR14). It runs under the context that it was made with, which has to
/// outlive the run.
///
/// Shape: as a process runs once, so does this.
/// Stop: if the context of the run is stopped, the process is forced, once the callback has returned.
/// Errors: as `process::start` and `process::stop`. A process that has ended, or was stopped by others, in the meantime is waited for, and its
/// error is `run: …` all the same.
/// Lifetime: `what` outlives the runs.
[[nodiscard]] runnable start_stop(process& what);

}  // namespace steward
