// SPDX-License-Identifier: Apache-2.0
//
// One component that is started again when it ends.
#pragma once

#include "steward/restart_policy.hpp"
#include "steward/runnable.hpp"

#include <cstdint>
#include <functional>

namespace steward {

/// What becomes of the callback when the incarnation that it uses is lost.
enum class when_lost : unsigned char {
  keep,  ///< it stays in use, without the component, until the next incarnation is ready
  lose,  ///< its context stops, and the run ends when it has returned: only what was not ready yet is started again
};

/// How `supervised` restarts. Every function may be empty.
/// Why no aggregate: g++ 12 destroys those twice where they are made inside a `co_await` (decision 0005). Set what you need on a named one.
struct supervised_options {
  supervised_options() = default;
  supervised_options(restart_policy with) : policy(with) {}  // NOLINT(google-explicit-constructor): the policy alone is the usual case

  restart_policy policy;
  when_lost on_loss = when_lost::keep;

  /// Before each incarnation, numbered from 1 within the run, under the context that the incarnation will have. Its error, or what it throws, is a
  /// failed start.
  std::function<task<>(context&, std::uint64_t incarnation)> before;

  /// When an incarnation is gone: how it ended and what follows; one whose end was asked for has the verdict `completed`. Called before the delay.
  /// It must not wait; an exception from it is contained and counted (R7).
  std::function<void(const exit& ended, const restart_decision& next)> after;

  /// A random number in [-1, 1) for the jitter of delays. By default from a generator seeded by the system.
  std::function<double()> spread;
};

/// Makes the runnable of one incarnation. Its error, or what it throws, is a failed start.
using runnable_factory = std::function<result<runnable>()>;

/// A runnable that starts another one again when that fails or is lost, as its policy says, and stays ready meanwhile.
///
///     auto app = chain(supervised(named("feed", follow_feed)), named("http", serve));   // http goes on while the feed is restarted
///
/// Shape: ready when the first incarnation is; the callback is called once. It gets a child of the context of the run, which stops when nothing
/// will be started any more. Each incarnation gets another child; what it hands on is only watched. There is at most one at a time. For a limit on
/// each start, `supervised(deadlines(…))`; for one on all of them together, `deadlines(supervised(…))`.
/// Stop: when the callback has returned, the incarnation winds down gracefully; one that is starting is forced, and a delay is given up. When the
/// context of the run stops, so do the callback's and the incarnation's; one that was ready stays until the callback has returned. When a callback
/// stops its own context, nothing is started any more. `request_stop` inside an incarnation asks, as everywhere in a chain, the whole program.
/// Errors: the callback's. Else, if the context of the run stopped before the first was ready, its reason. Else what the last incarnation failed
/// with; where the budget is used up as `gave up after 3 restarts within 1m: …`. A failure that was followed by a restart is no error of the run,
/// and neither is a start that was given up because the callback had returned. An empty runnable is not tried again. Where the policy leaves it at
/// an end before it was ready, and that was a success, so is this: `ended_before_ready` to whoever needs it (R10).
/// Threads: the incarnations run beside the callback, on another thread where the scheduler has several. Where one value runs several times at
/// once, so may the functions (R9).
/// Cost: one frame a run, two an incarnation.
/// Source: laws R1 to R10. Example: examples/07_supervised.cpp
[[nodiscard]] runnable supervised(runnable what, supervised_options how = {});

/// The same with a fresh runnable for each incarnation.
[[nodiscard]] runnable supervised(runnable_factory make, supervised_options how = {});

}  // namespace steward
