// SPDX-License-Identifier: Apache-2.0
//
// The test kit itself: a kit that passes whatever happens would make every other test worthless.
#include "steward/deadline_context.hpp"
#include "steward/memory_table.hpp"
#include "steward/misuse.hpp"
#include "steward/named.hpp"
#include "steward/process.hpp"
#include "steward/testing/explore.hpp"
#include "steward/testing/faulty_table.hpp"
#include "steward/testing/run_virtual.hpp"
#include "steward/testing/scripted.hpp"
#include "steward/wait.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace steward {
namespace {

using namespace std::chrono_literals;
using testing::background;
using ::testing::ElementsAre;
using testing::fault;
using testing::faulty_table;
using testing::gate;
using testing::journal;
using testing::run_virtual;
using testing::scripted;
using testing::virtual_scheduler;

/// Runs a script whose callback returns after `in_use`.
result<> run_script(const scripted& script, journal& log, std::chrono::nanoseconds in_use, std::chrono::nanoseconds forced_after = 1h) {
  const runnable what = script;
  return run_virtual([&](context& ctx) -> task<> {
    deadline_context own(ctx, forced_after);
    const auto use = [&](context& handed) -> task<> {
      (void)co_await handed.sleep_for(in_use);
      log.add(handed, "callback returns");
      co_return {};
    };
    co_return co_await what.run(own, use);
  });
}

TEST(RunVirtual, ReturnsWhatTheBodyReturnsInNoRealTime) {
  const auto got = run_virtual([](context& ctx) -> task<int> {
    co_await or_return(co_await ctx.sleep_for(10h));
    co_return 42;
  });
  EXPECT_EQ(got.value(), 42);
}

TEST(RunVirtual, FailsLoudlyWhenItIsStuckAndSaysWhoIsLeft) {
  static gate never;  // the frame that waits here is left where it is
  static std::string text;
  EXPECT_NONFATAL_FAILURE(text = run_virtual([](context& ctx) -> task<> {
                                   const runnable web = named("web", scripted("web").ready_when(never));
                                   const auto use = [](context&) -> task<> { co_return {}; };
                                   (void)co_await ctx.sleep_for(3ms);
                                   co_return co_await web.run(ctx, use);
                                 })
                                     .error()
                                     .to_string(),
                          "stuck at 3ms");
  EXPECT_EQ(text, "stuck at 3ms: nothing is ready and no timer is pending; not ended: web");
}

// In a program of its own, because a failure is what is looked at.
[[noreturn]] void explore_with_a_failure_at_seed_17() {
  std::uint64_t last = 0;
  testing::for_each_seed(100, [&last](std::uint64_t seed) {
    last = seed;
    if (seed == 17) ADD_FAILURE() << "on purpose";
  });
  std::fprintf(stderr, "the last was %d\n", static_cast<int>(last));
  std::exit(::testing::Test::HasFailure() ? 1 : 0);
}

[[noreturn]] void explore_with_a_failure_in_schedule_1_0() {
  testing::for_each_schedule([](testing::choices& source) {
    const auto first = source.choose(2);
    const auto second = source.choose(3);
    if (first == 1 && second == 0) ADD_FAILURE() << "on purpose";
  });
  std::exit(::testing::Test::HasFailure() ? 1 : 0);
}

TEST(ExploreDeathTest, StopsAtTheFirstSeedThatFailsAndSaysHowToSeeItAgain) {
  EXPECT_EXIT(explore_with_a_failure_at_seed_17(), ::testing::ExitedWithCode(1),
              "STEWARD_SEED=17 .*--gtest_filter=ExploreDeathTest.StopsAtTheFirstSeedThatFailsAndSaysHowToSeeItAgain(.|\n)*the last was 17");
}

TEST(ExploreDeathTest, SaysHowToSeeAScheduleAgain) {
  EXPECT_EXIT(explore_with_a_failure_in_schedule_1_0(), ::testing::ExitedWithCode(1), "STEWARD_CHOICES=1.0 ");
}

TEST(ExploreDeathTest, SaysWhichSeedEndedTheProgram) {
  EXPECT_DEATH(testing::for_each_seed(5,
                                      [](std::uint64_t seed) {
                                        if (seed == 3) report_misuse("thing", "x", "destroyed");
                                      }),
               "thing \"x\" destroyed\nto see it again: STEWARD_SEED=3 ");
}

TEST(Explore, ASoakGoesThroughNewSeeds) {
  setenv("STEWARD_SOAK_SECONDS", "0", 1);
  std::vector<std::uint64_t> seeds;
  for (int i = 0; i < 3; ++i) testing::for_each_seed(100, [&seeds](std::uint64_t seed) { seeds.push_back(seed); });
  unsetenv("STEWARD_SOAK_SECONDS");
  ASSERT_EQ(seeds.size(), 3U) << "at least one, and no more when the time is over";
  EXPECT_FALSE(seeds[0] == seeds[1] && seeds[1] == seeds[2]);
}

TEST(Explore, ASeedFromTheEnvironmentIsTheOnlyOne) {
  setenv("STEWARD_SEED", "23", 1);
  std::vector<std::uint64_t> seeds;
  testing::for_each_seed(100, [&seeds](std::uint64_t seed) { seeds.push_back(seed); });
  unsetenv("STEWARD_SEED");
  EXPECT_THAT(seeds, ElementsAre(23));
}

TEST(Scripted, WritesDownAGracefulRun) {
  journal log;
  const auto outcome = run_script(scripted("web", log).ready_after(10ms).winds_down_in(5ms), log, 1ms);
  EXPECT_TRUE(outcome.has_value());
  EXPECT_THAT(log.timed(), ElementsAre("0ms web start", "10ms web ready", "11ms callback returns", "11ms web released", "16ms web end"));
}

TEST(Scripted, IsLostAndFails) {
  journal log;
  const auto outcome = run_script(scripted("web", log).lose_after(5ms).fail_with(error("disk full")), log, 1h);
  EXPECT_EQ(outcome.error().to_string(), "disk full");
  EXPECT_THAT(log.timed(), ElementsAre("0ms web start", "0ms web ready", "5ms web lost", "5ms callback returns", "5ms web released", "5ms web end"));
}

TEST(Scripted, HangsUntilItIsStopped) {
  journal log;
  const auto outcome = run_script(scripted("web", log).hang(), log, 0ms, 7ms);
  EXPECT_TRUE(outcome.error().is_stop());
  EXPECT_THAT(log.timed(), ElementsAre("0ms web start", "7ms web forced", "7ms web end"));
}

TEST(Scripted, IgnoresItsContext) {
  journal log;
  const auto outcome = run_script(scripted("web", log).ready_after(10ms).winds_down_in(10ms).ignore_stop(), log, 1h, 7ms);
  EXPECT_TRUE(outcome.has_value());
  EXPECT_THAT(log.timed(), ElementsAre("0ms web start", "10ms web ready", "10ms callback returns", "10ms web released", "20ms web end"));
}

TEST(Scripted, FollowsAnotherScriptInItsNextRunAndCountsItsRuns) {
  journal log;
  auto script = scripted("web", log).end_before_ready(fail(errc::unreadable)).then(scripted("web", log));
  EXPECT_EQ(run_script(script, log, 0ms).error(), error(errc::unreadable));
  EXPECT_TRUE(run_script(script, log, 0ms).has_value());
  EXPECT_TRUE(run_script(script, log, 0ms).has_value());
  EXPECT_EQ(script.runs(), 3U);
  EXPECT_EQ(script.alive(), 0U);
  EXPECT_EQ(script.most_alive(), 1U);
}

TEST(FaultyTable, AnswersLateWithWhatWasTrueWhenItWasAsked) {
  virtual_scheduler time;
  root_context root(time);
  memory_table<std::string, int> rows;
  const std::string key = "a";  // a read refers to it until it is answered
  rows.put(key, 1);
  faulty_table faulty(rows);
  faulty.on_get(1, fault::late(1s));
  background<row<int>> read(time, faulty.get(root, key));
  time.run_until_idle();
  rows.put(key, 2);
  time.advance(1s);
  ASSERT_TRUE(read.done());
  EXPECT_EQ(*read.outcome()->value, 1);
}

TEST(FaultyTable, KeepsHintsBackAndTellsThemInEitherOrder) {
  memory_table<std::string, int> rows;
  faulty_table faulty(rows);
  std::string told;
  const auto watch = faulty.watch([&](const std::string* key) { told += *key; });
  const auto edit = [&] {
    faulty.hold_hints();
    rows.put("a", 1);
    rows.put("b", 1);
    EXPECT_EQ(told, "");
  };
  edit();
  faulty.tell_held_hints();
  EXPECT_EQ(std::exchange(told, ""), "ab");
  edit();
  faulty.tell_held_hints(testing::hint_order::backwards);
  EXPECT_EQ(std::exchange(told, ""), "ba");
  rows.put("c", 1);
  EXPECT_EQ(told, "c") << "nothing is kept back any more";
}

TEST(FaultyTable, FailsAtTheCallThatItIsToldAndThenHeals) {
  memory_table<std::string, int> rows;
  rows.put("a", 1);
  faulty_table faulty(rows);
  faulty.on_get(2, fault::slow_and_failing(3ms, errc::unreadable));
  const auto outcome = run_virtual([&](context& ctx) -> task<> {
    EXPECT_TRUE((co_await faulty.get(ctx, "a")).has_value());
    EXPECT_EQ((co_await faulty.get(ctx, "a")).error(), error(errc::unreadable));
    EXPECT_EQ(ctx.now() - virtual_scheduler::epoch, 3ms);
    EXPECT_TRUE((co_await faulty.get(ctx, "a")).has_value());
    faulty.garble("a", error("torn"));
    EXPECT_EQ((co_await faulty.get(ctx, "a")).error().to_string(), "torn");
    faulty.heal();
    EXPECT_TRUE((co_await faulty.get(ctx, "a")).has_value());
    co_return {};
  });
  EXPECT_TRUE(outcome.has_value());
}

TEST(FaultyTable, FailsInTheMiddleOfAnIterationAndHangsUntilItIsStopped) {
  memory_table<int, int> rows;
  for (int i = 0; i < 10; ++i) rows.put(i, i);
  faulty_table faulty(rows);
  faulty.rows_in_a_page(2);
  faulty.garble(1, errc::unreadable);
  faulty.on_fetch(3, fault::failing(error("gone")));
  const auto outcome = run_virtual([&](context& ctx) -> task<> {
    auto broken = faulty.iterate();
    int seen = 0;
    while (co_await broken.next(ctx)) {
      EXPECT_EQ((**broken.get()).content.has_value(), seen != 1);
      ++seen;
    }
    EXPECT_EQ(seen, 4);
    EXPECT_EQ(broken.err()->to_string(), "gone");
    faulty.on_every_fetch(fault::hanging());
    deadline_context soon(ctx, 5ms);
    auto hung = faulty.iterate();
    const bool first = co_await hung.next(soon);
    EXPECT_FALSE(first);
    EXPECT_EQ(hung.err()->reason(), stop_reason::deadline);
    co_return {};
  });
  EXPECT_TRUE(outcome.has_value());
}

}  // namespace
}  // namespace steward
