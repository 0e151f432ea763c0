// SPDX-License-Identifier: Apache-2.0
#include "steward/testing/simulation.hpp"

#include "simulation_laws.hpp"
#include "simulation_world.hpp"
#include "steward/testing/explore.hpp"
#include "steward/testing/run_virtual.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace steward::testing {

std::vector<violation> check_simulation(const simulation_plan& plan, const simulation_trace& trace) {
  // What goes wrong first is what is worth reading: the rest often follows from it.
  constexpr std::size_t enough = 5;
  std::vector<violation> found;
  simulation_model known(plan);
  for (std::size_t at = 0; at < trace.size() && found.size() < enough; ++at) {
    for (const auto laws : {laws_of_keys(), laws_of_edits(), laws_of_lives(), laws_of_answers(), laws_of_time(), laws_of_order(), laws_of_runs(),
                            laws_of_reads(), laws_of_rest()})
      for (const simulation_law& law : laws) {
        std::string broken = law.broken(known, trace[at]);
        if (!broken.empty()) found.push_back({std::string(law.name), std::move(broken), at});
      }
    known.take(trace[at]);
  }
  return found;
}

simulation_report simulate(std::uint64_t seed, const simulation_options& what) {
  // Apart from the seed of the schedule, or neighbouring seeds would share their beginnings.
  constexpr std::uint64_t of_plans = 0x5851f42d4c957f2dU;
  simulation_report report;
  report.seed = seed;
  seeded_choices source(seed ^ of_plans);
  simulation_features with = what.with;
  with.outliving = with.outliving && !what.make;  // nobody holds what is the user's
  report.plan = draw_plan(source, what.keys, what.deeds, with);
  // What does not end refers to its plan for ever.
  struct stage {
    stage(std::uint64_t with_seed, simulation_plan of, const simulation_options& options)
        : plan(std::move(of)), what(options), world(with_seed, plan, what, trace) {}
    simulation_plan plan;
    simulation_options what;
    simulation_trace trace;
    simulation_world world;
  };
  auto here = std::make_unique<stage>(seed, report.plan, what);
  const bool ended = here->world.play();
  report.trace = here->trace;
  report.violations = check_simulation(report.plan, report.trace);
  if (!ended) detail::keep_for_ever(here.release());
  return report;
}

void for_each_simulation(std::size_t count, const simulation_options& what) {
  for_each_seed(count, [&what](std::uint64_t seed) {
    const simulation_report report = simulate(seed, what);
    if (!report.held()) ADD_FAILURE() << report.to_string();
  });
}

}  // namespace steward::testing
