// SPDX-License-Identifier: Apache-2.0
//
// PR9: any interleaving of start, stop, loss, natural end, deadlines and the parent's stop. Two at a time exhaustively, all together by seeds.
#include "process_schedules.hpp"

namespace steward {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)
using testing::affordable;
using testing::for_each_schedule;
using testing::for_each_seed;
using testing::seeded_choices;

constexpr auto no_time = [] { return std::chrono::nanoseconds::zero(); };

class ProcessSchedules : public ::testing::TestWithParam<behaviour> {
 protected:
  static void play(choices& source, const std::vector<actor>& who) {
    virtual_scheduler time(source);
    process_world(time, GetParam(), who, no_time).run();
  }
};

// That all of them hold is shown where a step is cheap; a sanitizer sees in a sample what it can see.
TEST_P(ProcessSchedules, PR9_EveryScheduleOfAStartAndOneOther) {
  const bool all = affordable(2) == 2;
  for (std::size_t other = 1; other < actor_count; ++other) {
    const std::vector<actor> who{actor::starter, static_cast<actor>(other)};
    if (all) {
      EXPECT_GT(for_each_schedule([&who](choices& source) { play(source, who); }), 0U);
    } else {
      for_each_seed(200, [&who](std::uint64_t seed) {
        seeded_choices source(seed);
        play(source, who);
      });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Each, ProcessSchedules,
                         ::testing::Values(behaviour::orderly, behaviour::lost, behaviour::lost_elsewhere, behaviour::lost_at_once,
                                           behaviour::fails_to_start, behaviour::ends_before_ready, behaviour::fails_at_the_end, behaviour::deaf));

TEST(ProcessSeeds, PR9_AHundredThousandSchedulesOfAnyOfThem) {
  for_each_seed(affordable(100'000), [](std::uint64_t seed) {
    seeded_choices source(seed);
    virtual_scheduler time(source);
    const auto how = static_cast<behaviour>(source.choose(behaviours));
    std::vector<actor> who{actor::starter};
    for (std::size_t each = 1; each < actor_count; ++each)
      if (source.choose(2) == 1) who.push_back(static_cast<actor>(each));
    const auto step = [&source] { return std::chrono::milliseconds(source.choose(3)); };
    process_world(time, how, who, step).run();
  });
}

}  // namespace
}  // namespace steward
