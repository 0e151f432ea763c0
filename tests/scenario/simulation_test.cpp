// SPDX-License-Identifier: Apache-2.0
//
// A manager under everything that a seed can think of, with a model that says what must hold: by theme, because a law that is broken with little
// going on is easier to understand, and by all of it together.
#include "steward/testing/simulation.hpp"

#include "steward/testing/explore.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace steward::testing {
namespace {

struct theme {
  const char* name;
  simulation_features with;
  std::size_t keys = 4;
};

void PrintTo(const theme& of, std::ostream* out) { *out << of.name; }

class Simulation : public ::testing::TestWithParam<theme> {};

TEST_P(Simulation, D9_EndsWithWhatTheRowsWantAndBreaksNoLawOnTheWay) {
  simulation_options what;
  what.with = GetParam().with;
  what.keys.resize(GetParam().keys);
  for_each_simulation(affordable(6'000), what);
}

INSTANTIATE_TEST_SUITE_P(Each, Simulation,
                         ::testing::Values(theme{"OneKey", {.requirements = false, .groups = false}, 1},
                                           theme{"Rows", {.deadlines = false, .requirements = false, .groups = false}},
                                           theme{"Deadlines", {.budgets = false, .requirements = false, .groups = false}},
                                           theme{"Requirements", {.budgets = false, .groups = false}}, theme{"Groups", {.requirements = false}},
                                           theme{"Everything", {}}),
                         [](const auto& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace steward::testing
