// SPDX-License-Identifier: Apache-2.0
//
// The `main` of a service.
#pragma once

#include "steward/service.hpp"

namespace steward {

/// Runs a program until it ends, or until SIGINT or SIGTERM asks it to, and returns the exit code that tells the truth.
///
///     int main() { return steward::run_until_signal(steward::chain(database, http)); }
///
/// Shape: 0 if it succeeded, 1 if it failed or was forced. If some of it cannot be ended, the process exits with code 3 at once, and no destructor
/// runs.
/// Stop: the first signal asks for the graceful end, the second forces it; so do the deadlines of `options`, also when the loop is stuck in code
/// that blocks. `ctx.request_stop(cause)` from inside ends it gracefully, with the cause as its error.
/// Errors: on stderr, after the name of the program: one line; then the tree, if more than one thing went wrong; or who has not ended, by name.
/// Threads: it runs on the calling thread, on a `run_loop` of its own. One run at a time in a process.
/// Lifetime: the handlers of both signals are replaced while it runs, and put back. Children do not inherit them.
/// Source: E4, PR5. Example: examples/01_component.cpp
[[nodiscard]] int run_until_signal(runnable what, const service_options& options = {});

}  // namespace steward
