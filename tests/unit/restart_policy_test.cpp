// SPDX-License-Identifier: Apache-2.0
#include "steward/restart_policy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <tuple>
#include <vector>

namespace steward {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr instant start{1h};

exit ended(exit_reason reason, std::optional<nanoseconds> ready_for = std::nullopt) {
  exit how;
  how.reason = reason;
  how.started_at = start;
  if (ready_for) {
    how.ready_at = start + 1s;
    how.ended_at = *how.ready_at + *ready_for;
  } else {
    how.ended_at = start + 1s;
  }
  return how;
}

restart_policy policy_of(restart when) {
  restart_policy policy;
  policy.when = when;
  policy.delays.jitter = 0;
  return policy;
}

restart_history failed(std::uint32_t times) {
  restart_history history;
  history.failures = times;
  return history;
}

class RestartPolicyTable : public ::testing::TestWithParam<std::tuple<restart, exit_reason>> {};

TEST_P(RestartPolicyTable, SaysWhichEndsAreFollowedByARestart) {
  const auto [when, reason] = GetParam();
  const bool clean = reason == exit_reason::completed || reason == exit_reason::stopped;
  const bool again = when == restart::always || (when == restart::on_failure && !clean);
  const auto decision = decide_restart(policy_of(when), {}, ended(reason), 0);
  EXPECT_EQ(decision.what, again ? verdict::restart : verdict::completed);
  EXPECT_EQ(decision.delay, 0s);
  EXPECT_EQ(decision.history.failures, 1U);
}

INSTANTIATE_TEST_SUITE_P(
    All, RestartPolicyTable,
    ::testing::Combine(::testing::Values(restart::always, restart::on_failure, restart::never),
                       ::testing::Values(exit_reason::completed, exit_reason::stopped, exit_reason::failed, exit_reason::ended_before_ready,
                                         exit_reason::start_deadline, exit_reason::forced, exit_reason::exception)),
    [](const auto& of) { return std::string(to_string(std::get<0>(of.param))) + "_" + std::string(to_string(std::get<1>(of.param))); });

TEST(RestartPolicy, NamesAreWireFormat) {
  for (const auto& [when, name] :
       {std::pair{restart::always, "always"}, std::pair{restart::on_failure, "on_failure"}, std::pair{restart::never, "never"}}) {
    EXPECT_EQ(to_string(when), name);
    EXPECT_EQ(restart_from_string(name), when);
  }
  EXPECT_EQ(restart_from_string("on-failure"), std::nullopt);
}

TEST(RestartPolicy, NamesOfWhatFollowsAnExhaustedBudgetAreWireFormat) {
  for (const auto& [then, name] : {std::pair{exhausted::slow_retry, "slow_retry"}, std::pair{exhausted::give_up, "give_up"}}) {
    EXPECT_EQ(to_string(then), name);
    EXPECT_EQ(exhausted_from_string(name), then);
  }
  EXPECT_EQ(exhausted_from_string("give up"), std::nullopt);
}

TEST(RestartPolicy, FirstRestartIsAtOnceThenTheDelayGrowsUpToItsMaximum) {
  const auto policy = policy_of(restart::always);
  restart_history history;
  std::vector<nanoseconds> delays;
  for (int i = 0; i < 12; ++i) {
    const auto decision = decide_restart(policy, history, ended(exit_reason::failed, 5s), 0);
    delays.push_back(decision.delay);
    history = decision.history;
  }
  EXPECT_EQ(delays, (std::vector<nanoseconds>{0s, 200ms, 400ms, 800ms, 1600ms, 3200ms, 6400ms, 12800ms, 25600ms, 51200ms, 1min, 1min}));
}

TEST(RestartPolicy, BeingReadyForLongEnoughForgetsEarlierFailures) {
  const auto policy = policy_of(restart::always);
  const restart_history many = failed(9);
  const auto healthy = decide_restart(policy, many, ended(exit_reason::failed, 30s), 0);
  EXPECT_EQ(healthy.delay, 0s);
  EXPECT_EQ(healthy.history.failures, 1U) << "the end itself is the first of a new row";
  EXPECT_EQ(decide_restart(policy, many, ended(exit_reason::failed, 30s - 1ns), 0).history.failures, 10U);
  EXPECT_EQ(decide_restart(policy, many, ended(exit_reason::failed), 0).history.failures, 10U) << "it was never ready";
  exit unknown = ended(exit_reason::failed, 1h);
  unknown.ended_at.reset();
  EXPECT_EQ(decide_restart(policy, many, unknown, 0).history.failures, 10U);
}

TEST(RestartPolicy, CleanEndsCountTooSoThatAProgramThatEndsAtOnceDoesNotSpin) {
  const auto decision = decide_restart(policy_of(restart::always), failed(3), ended(exit_reason::completed, 1s), 0);
  EXPECT_EQ(decision.delay, 800ms);
}

TEST(RestartPolicy, FailuresDoNotOverflow) {
  const restart_history most = failed(std::numeric_limits<std::uint32_t>::max());
  const auto decision = decide_restart(policy_of(restart::always), most, ended(exit_reason::failed), 0);
  EXPECT_EQ(decision.history, most);
  EXPECT_EQ(decision.delay, 1min);
}

TEST(RestartPolicy, JitterMovesTheDelayByItsFractionAtMost) {
  restart_policy policy = policy_of(restart::always);
  policy.delays.jitter = 0.2;
  const restart_history third = failed(3);
  EXPECT_EQ(decide_restart(policy, third, ended(exit_reason::failed), -1).delay, 640ms);
  EXPECT_EQ(decide_restart(policy, third, ended(exit_reason::failed), 0).delay, 800ms);
  EXPECT_EQ(decide_restart(policy, third, ended(exit_reason::failed), 0.5).delay, 880ms);
}

TEST(RestartPolicy, NumbersOutOfTheirRangeCountAsTheNearestInside) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  backoff odd;
  odd.factor = 0.5;
  odd.jitter = 7;
  EXPECT_EQ(odd.delay(5, 0), 200ms);
  EXPECT_EQ(odd.delay(5, -1), 0ms);
  EXPECT_EQ(odd.delay(5, -3), 0ms);
  odd.factor = nan;
  odd.jitter = nan;
  EXPECT_EQ(odd.delay(5, nan), 200ms);
  EXPECT_EQ((backoff{.initial = -1s}).delay(5, 0), 0s);
  EXPECT_EQ((backoff{.initial = 2h}).delay(1, 0), 1min);
  EXPECT_EQ((backoff{.max = 0s}).delay(5, 0), 0s);
  const backoff endless{.max = nanoseconds::max(), .factor = 1e300};
  EXPECT_EQ(endless.delay(1000, 0.9), nanoseconds::max());
}

TEST(RestartPolicy, DelaysOfAnyPolicyStayWithinTheirBounds) {
  std::mt19937_64 random(20'241'122);
  const auto draw = [&random](double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); };
  for (int i = 0; i < 100'000; ++i) {
    backoff delays;
    delays.initial = nanoseconds(static_cast<std::int64_t>(draw(1, 1e10)));
    delays.max = nanoseconds(static_cast<std::int64_t>(draw(1, 1e12)));
    delays.factor = draw(1, 4);
    delays.jitter = draw(0, 1);
    const auto failures = static_cast<std::uint32_t>(draw(0, 80));
    const double spread = draw(-1, 1);
    const auto delay = delays.delay(failures, spread);
    ASSERT_GE(delay, 0s);
    ASSERT_LE(delay, delays.max);
    if (failures == 0) {
      ASSERT_EQ(delay, 0s);
      continue;
    }
    const auto middle = static_cast<double>(delays.delay(failures, 0).count());
    ASSERT_GE(static_cast<double>(delay.count()), middle * (1 - delays.jitter) - 2);
    ASSERT_LE(static_cast<double>(delay.count()), middle * (1 + delays.jitter) + 2);
    ASSERT_GE(delays.delay(failures + 1, 0), delays.delay(failures, 0));
  }
}

// A crash loop under a policy, in virtual time: when each restart was due, until it is given up or `many` have been.
struct crash_loop {
  restart_policy policy = policy_of(restart::always);
  nanoseconds lives = 0s;
  restart_history history;
  instant now = start;
  std::vector<nanoseconds> restarts;  // since the start
  verdict last = verdict::restart;

  void run(std::size_t many, double spread = 0) {
    for (std::size_t i = 0; i < many && last == verdict::restart; ++i) {
      exit how = ended(exit_reason::failed);
      if (lives >= policy.delays.reset_after) how.ready_at = now;
      now += lives;
      how.ended_at = now;
      const auto decision = decide_restart(policy, history, how, spread);
      history = decision.history;
      last = decision.what;
      now += decision.delay;
      if (last == verdict::restart) restarts.push_back(now - start);
    }
  }

  // The most restarts in any window of this length.
  [[nodiscard]] std::size_t most_within(nanoseconds window) const {
    std::size_t most = 0;
    for (auto from = restarts.begin(); from != restarts.end(); ++from)
      most = std::max(most, static_cast<std::size_t>(std::ranges::lower_bound(restarts, *from + window) - from));
    return most;
  }
};

TEST(RestartBudget, GivesUpWhenItIsUsedUp) {
  crash_loop loop;
  loop.policy.budget = restart_budget{.restarts = 3, .window = 1min, .then = exhausted::give_up};
  loop.run(100);
  EXPECT_EQ(loop.restarts, (std::vector<nanoseconds>{0s, 200ms, 600ms}));
  EXPECT_EQ(loop.last, verdict::gave_up);
}

TEST(RestartBudget, SlowRetryIsNeverADeadEnd) {
  crash_loop loop;
  loop.policy.budget = restart_budget{.restarts = 3, .window = 10min, .then = exhausted::slow_retry};
  loop.run(6);
  EXPECT_EQ(loop.restarts, (std::vector<nanoseconds>{0s, 200ms, 600ms, 1min + 600ms, 2min + 600ms, 3min + 600ms}));
  EXPECT_EQ(loop.last, verdict::restart);
}

TEST(RestartBudget, AHealthyWhileForgetsTheDelayButNotTheBudget) {
  crash_loop loop;
  loop.lives = 30s;
  loop.policy.budget = restart_budget{.restarts = 3, .window = 1h, .then = exhausted::give_up};
  loop.run(100);
  EXPECT_EQ(loop.restarts, (std::vector<nanoseconds>{30s, 1min, 90s})) << "each at once, as it had been healthy";
  EXPECT_EQ(loop.last, verdict::gave_up);
}

TEST(RestartBudget, TimeGivesRoomAgain) {
  crash_loop loop;
  loop.lives = 30s;
  loop.policy.budget = restart_budget{.restarts = 3, .window = 1min, .then = exhausted::give_up};
  loop.run(100);
  EXPECT_EQ(loop.restarts.size(), 100U) << "two in a minute";
}

TEST(RestartBudget, ForgetsRestartsOfATimeThatNoDelayReaches) {
  auto policy = policy_of(restart::always);
  policy.budget = restart_budget{.restarts = 1, .window = 1h, .then = exhausted::give_up};
  const exit end = ended(exit_reason::failed);
  const auto with = [&](instant recent) { return decide_restart(policy, {.failures = 0, .recent = {recent}}, end, 0).what; };
  EXPECT_EQ(with(*end.ended_at + policy.delays.max), verdict::gave_up);
  EXPECT_EQ(with(*end.ended_at + policy.delays.max + 1ns), verdict::restart) << "the clock was set back";
}

TEST(RestartBudget, OfZeroAllowsNone) {
  crash_loop loop;
  loop.policy.budget = restart_budget{.restarts = 0, .window = 1min, .then = exhausted::give_up};
  loop.run(100);
  EXPECT_TRUE(loop.restarts.empty());
  EXPECT_EQ(loop.last, verdict::gave_up);
}

TEST(RestartBudget, DoesNotTouchAnEndThatIsNotFollowedByARestart) {
  restart_policy policy = policy_of(restart::on_failure);
  policy.budget = restart_budget{.restarts = 0, .window = 1min, .then = exhausted::give_up};
  EXPECT_EQ(decide_restart(policy, {}, ended(exit_reason::completed, 1s), 0).what, verdict::completed);
}

TEST(RestartBudget, IsHeldInEveryWindowOfARandomCrashLoop) {
  std::minstd_rand random(7);
  for (int round = 0; round < 300; ++round) {
    crash_loop loop;
    loop.policy.delays.jitter = 1;
    loop.policy.delays.initial = 1ms * (random() % 1000);
    loop.policy.delays.max = 1s * (1 + random() % 60);
    loop.lives = 1ms * (random() % 40'000);
    loop.policy.budget = restart_budget{.restarts = static_cast<std::uint32_t>(1 + random() % 9), .window = 1s * (1 + random() % 300)};
    loop.policy.budget->then = exhausted::give_up;
    loop.run(200, std::uniform_real_distribution<double>(-1, 1)(random));
    ASSERT_LE(loop.most_within(loop.policy.budget->window), loop.policy.budget->restarts) << "round " << round;
    ASSERT_LE(loop.history.recent.size(), loop.policy.budget->restarts) << "round " << round;
  }
}

}  // namespace
}  // namespace steward
