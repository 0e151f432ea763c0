// SPDX-License-Identifier: Apache-2.0
//
// A manager with your runnables, in virtual time, with everything going wrong that a seed can think of; and a model that says what must hold.
#pragma once

#include "steward/runnable.hpp"
#include "steward/testing/simulation_plan.hpp"
#include "steward/testing/simulation_trace.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace steward::testing {

/// What is simulated.
struct simulation_options {
  std::vector<std::string> keys{"a", "b", "c", "d"};

  /// What runs for a key, beneath the mishaps: your own runnable or factory. By default one that is ready at once and ends when it is asked to.
  /// Shape: it is ready, and ends when it is asked to, within a second of virtual time, and waits on its context only. Two of a key live beside each
  /// other when one replaces the other; for one that cannot, switch `replaces` off. None of yours outlives a manager that is lost.
  std::function<result<runnable>(const std::string& key)> make;

  std::size_t deeds = 14;  ///< how many things are done while the manager runs
  simulation_features with;
};

/// Something that must not be, and where in the trace it is.
struct violation {
  std::string law;   ///< with its number, such as `M7_one_process_a_key`
  std::string what;  ///< what was seen
  std::size_t at = 0;
};

/// What came of one seed.
struct simulation_report {
  std::uint64_t seed = 0;
  simulation_plan plan;
  simulation_trace trace;
  std::vector<violation> violations;

  [[nodiscard]] bool held() const noexcept { return violations.empty(); }

  /// The seed, what is wrong, the plan, and the trace with the violations where they happened.
  [[nodiscard]] std::string to_string() const;
};

/// Plays one simulation, and holds the laws of a manager against it: at most one process of a key alive, restarts as its policy says and within its
/// budget, deadlines, the order of requirements and groups, answers to callers, one run at a time, passes that go on, edits that are followed and not
/// undone, errors that are all told, an orderly end; and that in the end what runs is what the rows want, at the generation of each.
/// Two of a key live only while one replaces the other, which is asked to stop as soon as the new one is ready; who has been reloaded goes on as its
/// new row has it, who could not be is restarted.
/// A manager may be lost in the middle of it, with what its store had not made sure of: over all of its successors budgets hold, what has given up
/// stays down, and no backoff is cut short. Some of its processes may outlive it, where they are not your own: the next one takes each over under its
/// number as soon as its row is read, and what was being stopped is stopped.
/// The same seed gives the same trace.
///
///     simulation_options what;
///     what.make = [](const std::string&) -> result<runnable> { return my_service(); };
///     const auto report = simulate(17, what);
///     if (!report.held()) std::puts(report.to_string().c_str());
///
/// Threads: one.  Cost: a fraction of a millisecond, and what the runnables cost.  Example: examples/12_simulation.cpp
[[nodiscard]] simulation_report simulate(std::uint64_t seed, const simulation_options& what = {});

/// Plays the seeds 1 to `count`, as `for_each_seed` does, and fails the test with the report of the first that does not hold.
void for_each_simulation(std::size_t count, const simulation_options& what = {});

/// The laws that hold of every simulation, over a plan and what came of it. Pure.
[[nodiscard]] std::vector<violation> check_simulation(const simulation_plan& plan, const simulation_trace& trace);

}  // namespace steward::testing
