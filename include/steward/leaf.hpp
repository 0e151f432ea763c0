// SPDX-License-Identifier: Apache-2.0
//
// A function that runs for as long as its component is in use, as a runnable.
#pragma once

#include "steward/detail/step.hpp"
#include "steward/runnable.hpp"

namespace steward {

/// A runnable that is ready at once and in use for as long as `foreground` runs: the accept loop of a server, the loop of a worker.
///
///     auto web = leaf([&](context& ctx) { return server.serve(ctx); }, [&](context& ctx) { return server.drain(ctx); });
///
/// Shape: both have the signature `task<>(context&)` and are kept as long as the runnable. `foreground` and the callback get one common child of
/// the context of the run; it starts together with the callback, in either order (L1). When it returns, for whatever reason, the callback's context
/// stops (L2).
/// Stop: when the callback has returned, `graceful_stop` is called once, with the context of the run, also in a forced end and when the foreground
/// is over already; it asks the foreground to end. Then the foreground's context stops, and the run waits for it (L3). Without a `graceful_stop`
/// that is all (L4).
/// Errors: the first of callback, `graceful_stop`, `foreground` (L5), with the others beside it. A foreground that then returns the stop of its own
/// context has done as it was asked: that is success (E4).
/// Threads: the foreground runs beside the callback, on another thread where the scheduler has several.
/// Cost: one frame beside those of the functions, no other allocation.
/// Source: laws L1 to L5. Example: examples/01_component.cpp
[[nodiscard]] runnable leaf(detail::step foreground, detail::step graceful_stop = {});

}  // namespace steward
