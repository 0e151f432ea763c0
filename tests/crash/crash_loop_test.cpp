// SPDX-License-Identifier: Apache-2.0
//
// Killed at any moment, a supervisor gives what crashes no new budget: what a `sqlite_state_store` has remembered counts.
#include "looper.hpp"
#include "victim.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <random>
#include <string>
#include <thread>

namespace steward::test {
namespace {

TEST(CrashLoop, ASupervisorThatIsKilledGivesNoNewBudget) {
  const auto folder = make_folder();
  const auto seed = given("STEWARD_SEED", std::random_device()());
  std::cout << "STEWARD_SEED=" << seed << '\n' << std::flush;
  std::mt19937_64 random(seed);
  std::ptrdiff_t alone = 0;
  std::ptrdiff_t first = 0;
  int kills = 0;
  // Each process begins with a start that is nobody's restart; every other one the budget counts.
  for (; kills < std::max(rounds() / 5, 10) && !HasFailure(); ++kills) {
    victim killed("--loop", folder / "steward.db", 0);
    if (random() % 4 != 0) killed.wait_for(1);  // the others while they are still opening the file, or making it
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
    killed.kill();
    alone += std::ranges::count(killed.lines(), "alone");
    first += std::ranges::count(killed.lines(), "first");
    SCOPED_TRACE("STEWARD_SEED=" + std::to_string(seed) + ", kill " + std::to_string(kills));
    EXPECT_LE(alone, kills + 1 + std::ptrdiff_t{allowed_restarts});
    EXPECT_LE(first, kills + 1 + std::ptrdiff_t{allowed_restarts});
    EXPECT_TRUE(std::ranges::none_of(killed.lines(), [](const std::string& line) { return line.starts_with("failed"); }));
  }
  victim last("--loop", folder / "steward.db", 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  last.kill();
  EXPECT_EQ(std::ranges::count(last.lines(), "alone"), 0) << "it has given up";
  EXPECT_EQ(std::ranges::count(last.lines(), "first"), 0) << "the group has given up";
  std::cout << kills << " kills, " << alone << " and " << first << " starts\n";
  EXPECT_GE(alone, static_cast<std::ptrdiff_t>(allowed_restarts));
  if (!HasFailure()) std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace steward::test
