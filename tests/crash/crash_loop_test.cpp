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

class lives {
 public:
  /// Counts the starts of one that has been killed. Each process may begin with a start that is nobody's restart; every other one the budgets count.
  void add(const victim& killed) {
    ++count_;
    alone_ += starts(killed, "alone");
    first_ += starts(killed, "first");
    EXPECT_LE(alone_, count_ + allowed_restarts);
    EXPECT_LE(first_, count_ + allowed_restarts);
    EXPECT_TRUE(std::ranges::none_of(killed.lines(), [](const std::string& line) { return line.starts_with("failed"); }));
  }

  static std::ptrdiff_t starts(const victim& of, const std::string& key) { return std::ranges::count(of.lines(), key); }

  std::ptrdiff_t alone() const { return alone_; }
  std::ptrdiff_t first() const { return first_; }

 private:
  std::ptrdiff_t count_ = 0;
  std::ptrdiff_t alone_ = 0;
  std::ptrdiff_t first_ = 0;
};

void live_until_given_up(victim& one) {
  EXPECT_TRUE(one.wait_for("gave_up"));
  one.kill();
}

TEST(CrashLoop, ASupervisorThatIsKilledGivesNoNewBudget) {
  const auto folder = make_folder();
  const auto seed = given("STEWARD_SEED", std::random_device()());
  std::cout << "STEWARD_SEED=" << seed << '\n' << std::flush;
  std::mt19937_64 random(seed);
  lives all;
  const int kills = std::max(rounds() / 5, 10);
  for (int kill = 0; kill < kills && !HasFailure(); ++kill) {
    SCOPED_TRACE("STEWARD_SEED=" + std::to_string(seed) + ", kill " + std::to_string(kill));
    victim killed("--loop", folder / "steward.db", 0);
    if (random() % 4 != 0) killed.wait_for(1);  // the others while they are still opening the file, or making it
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
    killed.kill();
    all.add(killed);
  }

  victim exhausting("--loop", folder / "steward.db", 0);
  live_until_given_up(exhausting);
  all.add(exhausting);
  std::cout << kills << " kills, " << all.alone() << " and " << all.first() << " starts\n";
  EXPECT_GE(all.alone(), allowed_restarts);
  EXPECT_GE(all.first(), allowed_restarts);

  victim after("--loop", folder / "steward.db", 0);
  live_until_given_up(after);
  EXPECT_EQ(lives::starts(after, "alone"), 0) << "it has given up";
  EXPECT_EQ(lives::starts(after, "first"), 0) << "the group has given up";
  if (!HasFailure()) std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace steward::test
