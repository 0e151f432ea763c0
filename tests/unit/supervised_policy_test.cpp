// SPDX-License-Identifier: Apache-2.0
//
// What a supervised component is started again after, when, how often, and with what around it.
#include "supervised_fixture.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace steward::test {
namespace {

using SupervisedPolicy = supervised_test;

TEST_F(SupervisedPolicy, ALossIsFollowedByThePolicysRestarts) {
  run(supervised(scripted("web", log).lose_after(1s), exactly()));
  time.advance(3s + 600ms);
  const auto lines = log.timed();
  std::vector<std::string> starts;
  std::ranges::copy_if(lines, std::back_inserter(starts), [](const std::string& line) { return line.ends_with("web start"); });
  EXPECT_THAT(starts, ElementsAre("0ms web start", "1000ms web start", "2200ms web start", "3600ms web start"));
  end_callback();
}

TEST_F(SupervisedPolicy, AFailureBeforeTheFirstReadyIsTriedAgain) {
  const scripted web = scripted("web").end_before_ready(fail(error("refused"))).then(scripted("web").end_before_ready()).then(scripted("web", log));
  run(supervised(web, exactly()));
  EXPECT_EQ(callbacks, 0);
  time.advance(200ms);
  EXPECT_EQ(log.when("web ready"), 200ms);
  EXPECT_EQ(log.when("in use"), 200ms);
  end_callback();
  EXPECT_EQ(outcome(), "success");
}

TEST_F(SupervisedPolicy, CompletedStopsTheCallbackAndIsSuccess) {
  run(supervised(scripted("web", log).lose_after(1s), exactly({}, restart::on_failure)));
  time.advance(1s);
  EXPECT_EQ(log.when("lost"), 1s);
  EXPECT_FALSE(ended());
  end_callback();
  EXPECT_EQ(stopped_with->reason(), stop_reason::dependency_lost);
  EXPECT_EQ(outcome(), "success");
}

TEST_F(SupervisedPolicy, NeverIsTheSameAsWithoutIt) {
  run(supervised(scripted("web").end_before_ready(fail(error("refused"))), exactly({}, restart::never)));
  EXPECT_EQ(outcome(), "refused");
  EXPECT_EQ(callbacks, 0);
}

TEST_F(SupervisedPolicy, R10_LeftAtAnEndBeforeItWasReadyItSaysWhatItSaid) {
  run(supervised(scripted("web").end_before_ready(), exactly({}, restart::never)));
  EXPECT_EQ(outcome(), "success");
  EXPECT_EQ(callbacks, 0);
}

TEST_F(SupervisedPolicy, GivingUpSaysAfterHowManyRestartsAndKeepsTheLastFailure) {
  const scripted web = scripted("web").end_before_ready(fail(errc::unreadable));
  run(supervised(web, exactly(at_most(3))));
  time.advance(1h);
  EXPECT_EQ(outcome(), "gave up after 3 restarts within 1m: unreadable");
  EXPECT_TRUE(failure().is(make_error_code(errc::unreadable)));
  EXPECT_EQ(web.runs(), 4U);
  EXPECT_EQ(callbacks, 0);
}

TEST_F(SupervisedPolicy, GivingUpStopsTheCallback) {
  run(supervised(scripted("web").lose_after(1ms).fail_with(error("broke")), exactly(at_most(1))));
  time.advance(1h);
  EXPECT_EQ(log.when("lost"), 2ms);
  EXPECT_FALSE(ended());
  end_callback();
  EXPECT_EQ(outcome(), "gave up after 1 restart within 1m: broke");
}

TEST_F(SupervisedPolicy, GivingUpOnEndsWithoutAnErrorSaysWhichTheyWere) {
  run(supervised(scripted("web").end_before_ready(), exactly(at_most(0))));
  EXPECT_EQ(outcome(), "gave up after 0 restarts within 1m: ended before it was ready");
  EXPECT_TRUE(failure().is(make_error_code(errc::ended_before_ready)));
  run(supervised(scripted("web").lose_after(0ms), exactly(at_most(0))));
  end_callback();
  EXPECT_EQ(outcome(), "gave up after 0 restarts within 1m: ended without an error");
}

TEST_F(SupervisedPolicy, BeforeIsCalledBeforeEachIncarnationUnderItsContext) {
  auto how = exactly();
  how.before = [this](context& ctx, std::uint64_t incarnation) -> task<> {
    log.add(ctx, "before " + std::to_string(incarnation));
    (void)co_await ctx.sleep_for(10ms);
    co_return {};
  };
  run(supervised(scripted("web", log).lose_after(1s), how));
  time.advance(1100ms);
  EXPECT_EQ(log.when("web start"), 10ms);
  EXPECT_EQ(log.when("before 2"), 1010ms);
  EXPECT_EQ(log.count("web start"), 2U);
  end_callback();
}

TEST_F(SupervisedPolicy, BeforeThatFailsOrThrowsIsAFailedStart) {
  std::vector<std::pair<exit_reason, std::string>> ends;
  auto how = exactly(at_most(1));
  how.before = [](context&, std::uint64_t incarnation) -> task<> {
    if (incarnation == 2) throw std::runtime_error("boom");
    return detail::failing(error("no migration"));
  };
  how.after = [&ends](const exit& ended, const restart_decision&) { ends.emplace_back(ended.reason, ended.cause->to_string()); };
  const scripted web("web");
  run(supervised(web, how));
  time.advance(1s);
  EXPECT_EQ(web.runs(), 0U);
  EXPECT_THAT(ends, ElementsAre(std::pair(exit_reason::failed, "no migration"), std::pair(exit_reason::exception, "std::runtime_error: boom")));
  EXPECT_EQ(outcome(), "gave up after 1 restart within 1m: std::runtime_error: boom");
}

TEST_F(SupervisedPolicy, AStopDuringBeforeStartsNothing) {
  auto how = exactly();
  how.before = [](context& ctx, std::uint64_t) -> task<> {
    (void)co_await ctx.stopped();
    co_return {};
  };
  const scripted web("web");
  run(supervised(web, how));
  top.stop(stop_reason::shutdown);
  time.run_until_idle();
  EXPECT_EQ(failure().reason(), stop_reason::shutdown);
  EXPECT_EQ(web.runs(), 0U);
}

TEST_F(SupervisedPolicy, AfterIsToldHowEachEndedAndWhatFollows) {
  std::vector<std::pair<exit_reason, verdict>> ends;
  std::vector<std::chrono::nanoseconds> delays;
  auto how = exactly();
  how.after = [&](const exit& ended, const restart_decision& next) {
    ends.emplace_back(ended.reason, next.what);
    delays.push_back(next.delay);
    EXPECT_EQ(ended.ready_at.has_value(), ended.reason != exit_reason::failed);
    EXPECT_EQ(*ended.ended_at, time.now());
  };
  run(supervised(scripted("web").end_before_ready(fail(error("refused"))).then(scripted("web").lose_after(1s)).then(scripted("web")), how));
  time.advance(2s);
  end_callback();
  EXPECT_THAT(ends, ElementsAre(std::pair(exit_reason::failed, verdict::restart), std::pair(exit_reason::completed, verdict::restart),
                                std::pair(exit_reason::stopped, verdict::completed)));
  EXPECT_THAT(delays, ElementsAre(0ms, 200ms, 0ms));
}

TEST_F(SupervisedPolicy, R7_AfterAndSpreadThatThrowAreContainedAndCounted) {
  auto how = exactly();
  how.policy.delays.jitter = 1;
  how.after = [](const exit&, const restart_decision&) { throw std::runtime_error("boom"); };
  how.spread = []() -> double { throw std::runtime_error("boom"); };
  const scripted web = scripted("web", log).end_before_ready().then(scripted("web").end_before_ready()).then(scripted("web"));
  const auto before = contained_exceptions();
  run(supervised(web, how));
  time.advance(1s);
  end_callback();
  EXPECT_EQ(outcome(), "success");
  EXPECT_EQ(log.when("in use"), 200ms);
  EXPECT_EQ(contained_exceptions(), before + 5);
}

TEST_F(SupervisedPolicy, SpreadMovesTheDelays) {
  auto how = exactly();
  how.policy.delays.jitter = 0.5;
  how.spread = [] { return -1.0; };
  run(supervised(scripted("web").end_before_ready().then(scripted("web").end_before_ready()).then(scripted("web")), how));
  time.advance(1s);
  EXPECT_EQ(log.when("in use"), 100ms);
  end_callback();
}

TEST_F(SupervisedPolicy, WithoutOneTheSpreadIsRandom) {
  std::set<std::chrono::nanoseconds> delays;
  supervised_options how;
  how.after = [&](const exit&, const restart_decision& next) { delays.insert(next.delay); };
  how.policy.delays.max = how.policy.delays.initial * 2;
  how.policy.delays.jitter = 0.4;
  run(supervised(scripted("web").end_before_ready(), how));
  time.advance(10s);
  EXPECT_GT(delays.size(), 4U);
  top.stop();
  time.run_until_idle();
}

TEST_F(SupervisedPolicy, AFactoryMakesEachIncarnationAfresh) {
  int made = 0;
  const auto make = [&]() -> result<runnable> {
    ++made;
    if (made == 1) return fail(error("no configuration"));
    if (made == 2) throw std::runtime_error("boom");
    return scripted("web " + std::to_string(made), log).lose_after(1s);
  };
  run(supervised(make, exactly()));
  EXPECT_EQ(made, 2);
  time.advance(200ms);
  EXPECT_EQ(callbacks, 1);
  time.advance(5s);
  EXPECT_TRUE(log.has("web 4 start"));
  end_callback();
  EXPECT_EQ(outcome(), "success");
}

TEST_F(SupervisedPolicy, AnEmptyOneIsNotTriedAgain) {
  run(supervised(runnable()));
  EXPECT_EQ(outcome(), "empty runnable");
  run(supervised(runnable_factory()));
  EXPECT_EQ(outcome(), "empty runnable");
}

TEST_F(SupervisedPolicy, AHundredThousandRestartsInARowNeitherGrowNorRecurse) {
  auto how = exactly(restart_budget{.restarts = 5, .window = 1h, .then = exhausted::slow_retry});
  how.policy.delays.initial = 0ms;
  std::size_t runs = 0;
  std::size_t remembered = 0;
  how.after = [&](const exit&, const restart_decision& next) { remembered = std::max(remembered, next.history.recent.size()); };
  const auto alive = std::make_shared<int>();
  long most_alive = 0;
  const auto make = [&]() -> result<runnable> {
    return runnable([&, alive](context&, callback) -> task<> {
      most_alive = std::max(most_alive, alive.use_count());
      if (++runs == 100'000) top.stop();
      co_return error("no");
    });
  };
  run(supervised(make, how));
  EXPECT_TRUE(ended());
  EXPECT_EQ(runs, 100'000U);
  EXPECT_EQ(time.elapsed(), 0ns);
  EXPECT_LE(most_alive, 4);
  EXPECT_LE(remembered, 5U);
}

}  // namespace
}  // namespace steward::test
