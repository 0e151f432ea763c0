// SPDX-License-Identifier: Apache-2.0
//
// The simulator finds what is wrong with a manager: every bug that is planted in one breaks a law within 5,000 seeds. A program of its own, in which
// every manager has them.
#include "steward/detail/planted.hpp"
#include "steward/testing/simulation.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace steward::testing {
namespace {

using detail::bug;

constexpr std::uint64_t patience = 5'000;

constexpr std::array<std::string_view, detail::bugs> names{"none",
                                                           "StopLostInStart",
                                                           "StopDoesNotWait",
                                                           "EditLostInStart",
                                                           "FailedPassDeletes",
                                                           "CompletedRestarted",
                                                           "TwoProcesses",
                                                           "EventDropped",
                                                           "StoppingAnswers",
                                                           "BudgetForgotten",
                                                           "BackoffSkipped",
                                                           "DeadlineIgnored",
                                                           "NeedsIgnored",
                                                           "PlacesIgnored",
                                                           "LossIgnored",
                                                           "DependentsNotFirst",
                                                           "MemberForgotten",
                                                           "HintIsTruth",
                                                           "GroupNotTakenDown",
                                                           "NeedsNotEdited",
                                                           "MoveIgnored",
                                                           "KeyForgotten",
                                                           "StopUndone",
                                                           "LateIsTruth",
                                                           "PassLate",
                                                           "PredecessorKept",
                                                           "ReloadNotTaken",
                                                           "FailedReloadKept",
                                                           "StoreNotAwaited",
                                                           "PastBudgetForgotten",
                                                           "PastGiveUpForgotten",
                                                           "PastBackoffForgotten",
                                                           "OutlivedWaits",
                                                           "OutlivedLosesNothing",
                                                           "OutlivedStopIsLost",
                                                           "OutlivedRenumbered"};

std::vector<bug> all_bugs() {
  std::vector<bug> all;
  for (unsigned char each = 1; each < detail::bugs; ++each) all.push_back(static_cast<bug>(each));
  return all;
}

class PlantedBug : public ::testing::TestWithParam<bug> {
 protected:
  PlantedBug() { detail::planted_now = GetParam(); }
  ~PlantedBug() override { detail::planted_now = bug::none; }
};

TEST_P(PlantedBug, IsFound) {
  for (std::uint64_t seed = 1; seed <= patience; ++seed) {
    const simulation_report report = simulate(seed);
    if (report.held()) continue;
    RecordProperty("seed", std::to_string(seed));
    RecordProperty("law", report.violations.front().law);
    return;
  }
  ADD_FAILURE() << "not within " << patience << " seeds";
}

INSTANTIATE_TEST_SUITE_P(Each, PlantedBug, ::testing::ValuesIn(all_bugs()),
                         [](const auto& of) { return std::string(names.at(static_cast<std::size_t>(of.param))); });

TEST(PlantedBugs, WithoutOneTheLawsHold) { for_each_simulation(500); }

}  // namespace
}  // namespace steward::testing
