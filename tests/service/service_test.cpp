// SPDX-License-Identifier: Apache-2.0
//
// Services on a loop that a thread drives. Real threads, so no virtual time; what a test waits for is an event, never a time.
#include "steward/service.hpp"

#include "steward/leaf.hpp"
#include "steward/named.hpp"
#include "steward/run_loop.hpp"
#include "steward/sync_wait.hpp"
#include "steward/testing/gate.hpp"
#include "steward/wait.hpp"
#include "support.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <latch>
#include <optional>

namespace steward {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

/// A loop, and the thread that drives it.
class driven_loop {
 public:
  ~driven_loop() {
    loop_.finish();
    thread_.join();
    while (loop_.run_ready() > 0) {
    }
  }

  operator scheduler&() noexcept { return loop_; }  // NOLINT(google-explicit-constructor): it is one

  /// Calls `what` on the loop's thread.
  void call(const std::function<void()>& what) {
    (void)sync_wait_on(loop_, [&]() -> task<> {
      what();
      co_return {};
    });
  }

 private:
  run_loop loop_;
  std::thread thread_{[this] { loop_.run(); }};
};

/// Ignores every stop until `release` opens.
runnable stuck(testing::gate& release) {
  return named("http", [&release](context& ctx, callback ready) -> task<> {
    const auto outcome = co_await ready(ctx);
    co_await release.passed();
    co_return outcome;
  });
}

TEST(Service, StartsAndStopsFromAPlainThread) {
  driven_loop loop;
  service app(loop, nop(), named_app());
  EXPECT_TRUE(app.start().has_value());
  EXPECT_EQ(app.running(), std::vector<straggler>{straggler{.path = "app"}});
  app.request_stop();
  const service_end end = app.wait();
  EXPECT_EQ(end.code, 0);
  EXPECT_TRUE(end.outcome.has_value());
  EXPECT_TRUE(end.left.empty());
}

TEST(Service, E4_ProgramThatReturnsTheStopItWasGivenHasSucceeded) {
  driven_loop loop;
  const auto foreground = [](context& ctx) -> task<> { co_return co_await ctx.stopped(); };
  service app(loop, leaf(foreground), named_app());
  EXPECT_TRUE(app.start().has_value());
  app.request_stop();
  EXPECT_EQ(app.wait().code, 0);
}

TEST(Service, FailedStartIsTheResultOfBothStartAndWait) {
  driven_loop loop;
  const auto fails = [](context&, callback) -> task<> { co_return error("no port"); };
  service app(loop, named("http", fails), named_app());
  EXPECT_EQ(app.start().error().to_string(), "run: http: no port");
  const service_end end = app.wait();
  EXPECT_EQ(end.code, 1);
  EXPECT_EQ(end.outcome.error().to_string(), "http: no port");
}

TEST(Service, R10_EndingWithSuccessBeforeBeingReadyIsAFailure) {
  driven_loop loop;
  const auto forgets = [](context&, callback) -> task<> { co_return {}; };
  service app(loop, forgets, named_app());
  EXPECT_EQ(app.start().error().code(), make_error_code(errc::ended_before_ready));
  EXPECT_EQ(app.wait().code, 1);
}

TEST(Service, EndingByItselfWithSuccessIsASuccess) {
  driven_loop loop;
  const auto foreground = [](context&) -> task<> { co_return {}; };
  service app(loop, leaf(foreground), named_app());
  app.launch();
  EXPECT_EQ(app.wait().code, 0);
}

TEST(Service, CauseGivenFromInsideIsTheResult) {
  driven_loop loop;
  const auto foreground = [](context& ctx) -> task<> {
    ctx.request_stop(error("licence expired"));
    (void)co_await ctx.stopped();
    co_return {};
  };
  service app(loop, leaf(foreground), named_app());
  app.launch();
  const service_end end = app.wait();
  EXPECT_EQ(end.code, 1);
  EXPECT_EQ(end.outcome.error().to_string(), "licence expired");
}

TEST(Service, CauseGivenWhileStartingIsTheResultTooAndNotTheStopThatFollows) {
  driven_loop loop;
  const auto gives_up = [](context& ctx, callback) -> task<> {
    ctx.request_stop(error("licence expired"));
    co_return co_await ctx.stopped();
  };
  service app(loop, gives_up, named_app());
  app.launch();
  const service_end end = app.wait();
  EXPECT_EQ(end.code, 1);
  EXPECT_EQ(end.outcome.error().to_string(), "licence expired");
}

TEST(Service, RequestWhileStartingEndsItWithSuccess) {
  driven_loop loop;
  std::latch starting(1);
  const auto slow = [&](context& ctx, callback) -> task<> {
    starting.count_down();
    co_return co_await ctx.stopped();
  };
  service app(loop, slow, named_app());
  app.launch();
  starting.wait();
  app.request_stop();
  EXPECT_EQ(app.wait().code, 0);
  EXPECT_FALSE(app.start().has_value()) << "it never was ready";
}

TEST(Service, RequestBeforeTheStartKeepsItFromRunning) {
  driven_loop loop;
  std::atomic<bool> ran{false};
  const auto notes = [&](context& ctx, callback ready) -> task<> {
    ran = true;
    co_return co_await ready(ctx);
  };
  service app(loop, notes, named_app());
  app.request_stop();
  EXPECT_FALSE(app.start().has_value());
  EXPECT_EQ(app.wait().code, 0);
  EXPECT_FALSE(ran);
}

TEST(Service, SecondRequestForces) {
  driven_loop loop;
  std::latch asked(1);
  const auto slow = [&](context& ctx, callback ready) -> task<> {
    const auto outcome = co_await ready(ctx);
    asked.count_down();
    (void)co_await ctx.stopped();
    co_return outcome;
  };
  service app(loop, slow, named_app());
  EXPECT_TRUE(app.start().has_value());
  app.request_stop();
  asked.wait();
  app.request_stop();
  const service_end end = app.wait();
  EXPECT_EQ(end.code, 1);
  EXPECT_EQ(end.outcome.error().to_string(), "forced: asked to stop a second time");
}

// It was stopped already, so nothing that happens to its own context can tell it that its time is over: that is for the one above to say.
TEST(Service, SecondRequestForcesAlsoWhatWasAskedWhileItStarted) {
  driven_loop loop;
  std::latch starting(1);
  std::latch asked(1);
  const auto takes_its_time = [&](context& ctx, callback) -> task<> {
    starting.count_down();
    (void)co_await ctx.stopped();
    asked.count_down();
    co_return co_await ctx.grace().stopped();
  };
  service app(loop, takes_its_time, named_app(1h, 30s));  // the latter only bounds a test that fails
  app.launch();
  starting.wait();
  app.request_stop();
  asked.wait();
  app.request_stop();
  const service_end end = app.wait();
  EXPECT_EQ(end.code, 1);
  EXPECT_EQ(end.outcome.error().to_string(), "forced: asked to stop a second time");
}

TEST(Service, WhoDoesNotEndWithinTheGracefulDeadlineIsForced) {
  driven_loop loop;
  const auto slow = [](context& ctx, callback ready) -> task<> {
    (void)co_await ready(ctx);
    (void)co_await ctx.stopped();
    co_return error("half written");
  };
  service app(loop, slow, named_app(1ms));
  EXPECT_TRUE(app.start().has_value());
  app.request_stop();
  const service_end end = app.wait();
  EXPECT_EQ(end.code, 1);
  EXPECT_EQ(end.outcome.error().to_string(), "forced: not stopped within 1ms");
  EXPECT_EQ(end.outcome.error().to_tree(), "forced: not stopped within 1ms\nalso: half written\n");
}

TEST(Service, TheFirstRequestMayGiveAnotherTime) {
  driven_loop loop;
  const auto slow = [](context& ctx, callback ready) -> task<> {
    (void)co_await ready(ctx);
    (void)co_await ctx.stopped();
    co_return {};
  };
  service app(loop, slow, named_app(1h));
  EXPECT_TRUE(app.start().has_value());
  app.request_stop(1ms);
  EXPECT_EQ(app.wait().outcome.error().to_string(), "forced: not stopped within 1ms");
}

TEST(Service, DeadlineHoldsWhenTheEndBeginsInside) {
  driven_loop loop;
  const auto loses = [](context& ctx, callback ready) -> task<> {
    context handed(ctx);
    handed.stop();
    (void)co_await ready(handed);
    (void)co_await ctx.stopped();
    co_return {};
  };
  service app(loop, loses, named_app(1ms));
  app.launch();
  EXPECT_EQ(app.wait().outcome.error().to_string(), "forced: not stopped within 1ms");
}

TEST(Service, WhoCannotBeForcedIsGivenUpAndNamed) {
  testing::gate release;
  std::optional<service> app;
  {
    driven_loop loop;
    app.emplace(loop, stuck(release), named_app(1ms, 1ms));
    EXPECT_TRUE(app->start().has_value());
    app->request_stop();
    const service_end end = app->wait();
    EXPECT_EQ(end.code, 3);
    EXPECT_THAT(end.left, ElementsAre(straggler{.path = "app", .innermost = false}, straggler{.path = "app/http"}));
    EXPECT_EQ(end.outcome.error().to_string(), "given up: has not ended within 1ms of being forced");
    loop.call([&] { release.open(); });
  }
  app.reset();  // its loop has run everything, so it has ended after all
}

TEST(Service, DeadlinesHoldWhenTheThreadsOfTheSchedulerAreStuck) {
  std::latch unblock(1);
  std::optional<service> app;
  {
    driven_loop loop;
    const auto blocks = [&](context& ctx, callback ready) -> task<> {
      const auto outcome = co_await ready(ctx);
      unblock.wait();
      co_return outcome;
    };
    app.emplace(loop, named("http", blocks), named_app(1ms, 1ms));
    EXPECT_TRUE(app->start().has_value());
    app->request_stop();
    EXPECT_EQ(app->wait().code, 3);
    unblock.count_down();
  }
  app.reset();
}

TEST(Service, TellsOfItsEndOnceBeforeTheWaitIsOver) {
  driven_loop loop;
  std::atomic<int> told{0};
  service app(loop, nop(), named_app(), [&told](const service_end& end) { told += end.code == 0 ? 1 : 100; });
  app.launch();
  app.request_stop();
  (void)app.wait();
  EXPECT_EQ(told, 1);
}

TEST(Service, OneThatWasNeverStartedMayBeDestroyed) {
  driven_loop loop;
  const service app(loop, nop(), named_app());
}

TEST(ServiceDeathTest, PR11_DestroyingOneThatRunsIsReportedByName) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        driven_loop loop;
        service app(loop, nop(), named_app());
        (void)app.start();
      },
      "steward: service \"app\" destroyed before it has ended");
}

TEST(Service, RequestsFromManyThreadsAtAnyMomentAreSafe) {
  for (int round = 0; round < 200; ++round) {
    driven_loop loop;
    service app(loop, nop(), named_app());
    std::vector<std::thread> askers;
    for (int i = 0; i < 3; ++i) askers.emplace_back([&app] { app.request_stop(); });
    (void)app.start();
    EXPECT_NE(app.wait().code, 3);
    for (auto& each : askers) each.join();
  }
}

}  // namespace
}  // namespace steward
