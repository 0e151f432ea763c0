// SPDX-License-Identifier: Apache-2.0
#include "steward/runnable.hpp"

#include "failing_frames.hpp"
#include "steward/chain.hpp"
#include "steward/named.hpp"
#include "steward/parallel.hpp"
#include "steward/process.hpp"
#include "steward/sequential.hpp"
#include "virtual_test.hpp"

#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace steward {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

/// Runs `what` once with a callback that returns `given`.
result<> run_once(const runnable& what, const result<>& given = {}, std::uint64_t seed = 0) {
  return run_virtual(
      [&](context& ctx) -> task<> {
        const auto use = [&](context&) -> task<> { co_return given; };
        co_return co_await what.run(ctx, use);
      },
      seed);
}

/// Each combinator around one part, by name; those that have several get `nop()` beside it.
struct combinator {
  std::string name;
  std::function<runnable(runnable)> around;
};
const std::vector<combinator>& combinators() {
  static const std::vector<combinator> all{
      {"itself", [](runnable part) { return part; }},
      {"named", [](runnable part) { return named("n", std::move(part)); }},
      {"chain first", [](runnable part) { return chain(std::move(part), nop()); }},
      {"chain last", [](runnable part) { return chain(nop(), std::move(part)); }},
      {"parallel first", [](runnable part) { return parallel(std::move(part), nop()); }},
      {"parallel last", [](runnable part) { return parallel(nop(), std::move(part)); }},
      {"sequential first", [](runnable part) { return sequential(std::move(part), nop()); }},
      {"sequential last", [](runnable part) { return sequential(nop(), std::move(part)); }},
  };
  return all;
}

task<> plain_function(context& ctx, callback ready) { co_return co_await ready(ctx); }

struct with_run {
  int* runs;
  task<> run(context& ctx, callback ready) {
    ++*runs;
    return ready(ctx);
  }
};

TEST(Runnable, R8_NopCallsTheCallbackAndReturnsWhatItReturns) {
  EXPECT_EQ(text(run_once(nop())), "success");
  EXPECT_EQ(text(run_once(nop(), fail(error("no")))), "no");
}

TEST(Runnable, R8_FunctionsLambdasAndObjectsAreRunnables) {
  int runs = 0;
  const auto lambda = [&runs](context& ctx, callback ready) -> task<> {
    ++runs;
    co_return co_await ready(ctx);
  };
  with_run object{&runs};
  EXPECT_TRUE(run_once(plain_function).has_value());
  EXPECT_TRUE(run_once(lambda).has_value());
  EXPECT_TRUE(run_once(object).has_value());
  EXPECT_TRUE(run_once(std::ref(object)).has_value());
  EXPECT_EQ(runs, 3);
}

TEST(Runnable, R8_AnEmptyOrMovedFromOneFails) {
  EXPECT_EQ(run_once(runnable()).error(), error(errc::empty_runnable));
  runnable moved = nop();
  const runnable taken = std::move(moved);
  EXPECT_EQ(run_once(moved).error(), error(errc::empty_runnable));  // NOLINT(bugprone-use-after-move): the law is about that
  EXPECT_FALSE(static_cast<bool>(moved));
  EXPECT_TRUE(run_once(taken).has_value());
}

TEST(Runnable, R1_ASecondCallOfTheCallbackDoesNothingAndIsRefused) {
  for (const auto& [name, around] : combinators()) {
    if (name == "itself" || name == "named" || name == "chain last") continue;  // those pass the user's own callback on
    int calls = 0;
    const runnable what = around(scripted("").calls_twice());
    const auto outcome = run_virtual([&](context& ctx) -> task<> {
      const auto use = [&](context&) -> task<> {
        ++calls;
        co_return {};
      };
      co_return co_await what.run(ctx, use);
    });
    EXPECT_EQ(text(outcome), "success") << name;
    EXPECT_EQ(calls, 1) << name;
  }
}

TEST(Runnable, R1_AProcessRefusesASecondCallToo) {
  const auto outcome = run_virtual([](context& ctx) -> task<> {
    process p(ctx, scripted("").calls_twice());
    co_await or_return(p.start(ctx));
    co_return co_await p.stop(ctx);
  });
  EXPECT_EQ(text(outcome), "success");
}

TEST(Runnable, R2_WhenTheCallbackReturnsTheContextOfTheRunIsAlive) {
  for (const result<>& given : {result<>(), result<>(fail(error("no")))})
    for (const auto& [name, around] : combinators()) {
      bool alive = false;
      const auto look = [&](context& ctx, callback ready) -> task<> {
        auto outcome = co_await ready(ctx);
        alive = !ctx.is_stopped();
        co_return outcome;
      };
      (void)run_once(around(look), given);
      EXPECT_TRUE(alive) << name;
    }
}

TEST(Runnable, R3_WhenTheContextOfTheRunStopsWaitsEndAtThatInstantAndRunStillWaitsForItsCallback) {
  for (const auto& [name, around] : combinators()) {
    journal log;
    const runnable what = around(scripted("part", log).winds_down_in(1h));
    const auto outcome = run_virtual([&](context& ctx) -> task<> {
      deadline_context own(ctx, 10ms);
      const auto use = [&](context& handed) -> task<> {
        const error why = co_await handed.stopped();
        log.add(handed, "stopped by " + std::string(to_string(why.reason())));
        co_await deaf_sleep(5ms);
        log.add(handed, "callback returns");
        co_return {};
      };
      auto ended = co_await what.run(own, use);
      log.add(ctx, "run ends");
      co_return ended;
    });
    EXPECT_EQ(log.when("stopped by deadline"), 10ms) << name;
    EXPECT_EQ(log.when("callback returns"), 15ms) << name;
    EXPECT_EQ(log.when("run ends"), 15ms) << name;
    EXPECT_TRUE(log.in_order("callback returns", "part end")) << name;
    EXPECT_TRUE(log.in_order("part end", "run ends")) << name;
  }
}

TEST(Runnable, R4_ALostRunnableStopsWhatItHandedOnAndWaitsForItsCallback) {
  for (const auto& [name, around] : combinators()) {
    journal log;
    const runnable what = around(scripted("part", log).lose_after(10ms));
    const auto outcome = run_virtual([&](context& ctx) -> task<> {
      const auto use = [&](context& handed) -> task<> {
        (void)co_await handed.stopped();
        log.add(handed, "handed context stopped");
        co_await deaf_sleep(5ms);
        log.add(handed, "callback returns");
        co_return {};
      };
      co_return co_await what.run(ctx, use);
    });
    EXPECT_EQ(log.when("handed context stopped"), 10ms) << name;
    EXPECT_TRUE(log.in_order("callback returns", "part end")) << name;
    EXPECT_EQ(log.when("part end"), 15ms) << name;
    EXPECT_EQ(text(outcome), "success") << name;
  }
}

TEST(Runnable, R4_AContextThatARunMadeIsStoppedBeforeTheRunCompletes) {
  for (const bool at_once : {true, false}) {
    const context* of_first = nullptr;
    bool alive_in_use = false;
    bool stopped_at_its_end = false;
    const auto first = [&](context& given, callback ready) -> task<> {
      of_first = &given;
      co_return co_await ready(given);
    };
    const auto second = [&](context& given, callback ready) -> task<> {
      auto outcome = co_await ready(given);
      (void)co_await given.sleep_for(1ms);  // now the first has ended, and the group that made its context has not
      stopped_at_its_end = of_first->is_stopped();
      co_return outcome;
    };
    const runnable what = at_once ? parallel(first, second) : sequential(first, second);
    const auto outcome = run_virtual([&](context& ctx) -> task<> {
      const auto use = [&](context&) -> task<> {
        alive_in_use = !of_first->is_stopped();
        co_return {};
      };
      co_return co_await what.run(ctx, use);
    });
    EXPECT_TRUE(outcome.has_value());
    EXPECT_TRUE(alive_in_use);
    EXPECT_TRUE(stopped_at_its_end);
  }
}

TEST(Runnable, R5_TheCallbacksErrorIsWhatRunReturnsWhateverElseFails) {
  for (const auto& [name, around] : combinators()) {
    const auto outcome = run_once(around(scripted("").fail_with(error("winding down failed"))), fail(errc::process_exists));
    EXPECT_TRUE(outcome.error().is(errc::process_exists)) << name;
    EXPECT_FALSE(outcome.error().is(errc::failed)) << name;
  }
}

TEST(Runnable, R6_TheCallbackCompletesBeforeRunDoes) {
  for (std::uint64_t seed = 0; seed < 50; ++seed)
    for (const auto& [name, around] : combinators()) {
      bool inside = false;
      const runnable what = around(scripted(""));
      const auto outcome = run_virtual(
          [&](context& ctx) -> task<> {
            const auto use = [&](context& handed) -> task<> {
              inside = true;
              (void)co_await handed.sleep_for(5ms);
              inside = false;
              co_return {};
            };
            auto ended = co_await what.run(ctx, use);
            EXPECT_FALSE(inside) << name;
            co_return ended;
          },
          seed);
      EXPECT_TRUE(outcome.has_value());
    }
}

TEST(Runnable, R6_TheCallbackRunsOnTheSchedulerOfTheContextThatItIsGiven) {
  virtual_scheduler here;
  virtual_scheduler there;
  root_context root_here(here);
  root_context root_there(there);
  int on_there = 0;
  const auto hands_on = [&](context&, callback ready) -> task<> { co_return co_await ready(root_there); };
  const auto use = [&](context& handed) -> task<> {
    EXPECT_EQ(&handed, &root_there);
    ++on_there;
    co_return {};
  };
  const runnable what = hands_on;
  background job(here, [&]() -> task<> { co_return co_await what.run(root_here, use); });
  here.run_until_idle();
  EXPECT_EQ(on_there, 0);
  there.run_until_idle();
  EXPECT_EQ(on_there, 1);
  EXPECT_FALSE(job.done());
  here.run_until_idle();
  EXPECT_TRUE(job.done());
}

TEST(Runnable, R7_WhateverIsThrownByARunIsContained) {
  const std::vector<std::pair<std::function<void()>, errc>> throwers{
      {[] { throw std::runtime_error("boom"); }, errc::exception},
      {[] { throw 42; }, errc::exception},
      {[] { throw std::bad_alloc(); }, errc::out_of_memory},
  };
  for (const auto& [thrower, code] : throwers)
    for (const auto& [name, around] : combinators()) {
      const auto before = contained_exceptions();
      const auto at_start = run_once(around(scripted("").at_start(thrower)));
      EXPECT_TRUE(at_start.error().is(code)) << name;
      const auto at_end = run_once(around(scripted("").at_end(thrower)));
      EXPECT_TRUE(at_end.error().is(code)) << name;
      const auto no_coroutine = [&thrower](context& ctx, callback ready) -> task<> {
        thrower();
        return ready(ctx);
      };
      EXPECT_TRUE(run_once(around(no_coroutine)).error().is(code)) << name;
      EXPECT_EQ(contained_exceptions(), before + 3) << name;
    }
}

TEST(Runnable, R7_ACallbackThatThrowsDoesNotSkipTheWindDownOfOthers) {
  for (const auto& [name, around] : combinators()) {
    journal log;
    const runnable what = around(scripted("part", log).winds_down_in(5ms));
    const auto outcome = run_virtual([&](context& ctx) -> task<> {
      const auto use = [](context&) -> task<> {
        throw std::runtime_error("boom");
        co_return {};
      };
      co_return co_await what.run(ctx, use);
    });
    EXPECT_TRUE(outcome.error().is(errc::exception)) << name;
    EXPECT_EQ(log.when("part end"), 5ms) << name;
    const auto no_coroutine = [](context&) -> task<> { throw 42; };
    const auto again = run_virtual([&](context& ctx) -> task<> { co_return co_await what.run(ctx, no_coroutine); });
    EXPECT_TRUE(again.error().is(errc::exception)) << name;
  }
}

TEST(Runnable, R7_WhicheverFrameCannotBeAllocatedTheRunFailsInOrder) {
  if (!test::frames_can_fail) GTEST_SKIP() << "frames cannot be made to fail here";
  for (const auto& [name, around] : combinators()) {
    std::size_t failures = 0;
    for (std::size_t nth = 1; nth < 100; ++nth) {
      auto part = scripted("").hands_child().winds_down_in(1ms);
      const runnable what = around(part);
      bool failed = false;
      const auto outcome = run_virtual([&](context& ctx) -> task<> {
        const auto use = [](context& handed) -> task<> { co_return co_await handed.sleep_for(1ms); };
        const failing_frames none(nth);
        auto ended = co_await what.run(ctx, use);
        failed = none.failed();
        co_return ended;
      });
      EXPECT_EQ(part.alive(), 0U) << name;
      if (!failed) break;
      EXPECT_TRUE(!outcome && outcome.error().is(errc::out_of_memory)) << name << ", allocation " << nth << ": " << text(outcome);
      ++failures;
    }
    EXPECT_GE(failures, 2U) << name;
    EXPECT_LT(failures, 99U) << name;
  }
}

TEST(Runnable, R9_EveryCombinatorRunsAgainAndSeveralTimesAtOnce) {
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    for (const auto& [name, around] : combinators()) {
      auto part = scripted("").ready_after(1ms).winds_down_in(1ms);
      const runnable what = around(part);
      const auto outcome = run_virtual(
          [&](context& ctx) -> task<> {
            const auto use = [](context& handed) -> task<> { co_return co_await handed.sleep_for(5ms); };
            const auto run = [&]() -> task<> { co_return co_await what.run(ctx, use); };
            background first(ctx.scheduler(), run);
            background second(ctx.scheduler(), run);
            co_await first;
            co_await second;
            EXPECT_EQ(first.text() + second.text(), "successsuccess") << name;
            co_return co_await run();
          },
          seed);
      EXPECT_TRUE(outcome.has_value());
      EXPECT_EQ(part.runs(), 3U);
      EXPECT_EQ(part.most_alive(), 2U);
    }
}

TEST(Runnable, CopiesShareWhatTheyHoldAndTheLastOneDestroysIt) {
  const auto held = std::make_shared<int>(1);
  const auto lambda = [held](context& ctx, callback ready) { return ready(ctx); };
  {
    const runnable one = lambda;
    const runnable two = one;  // NOLINT(performance-unnecessary-copy-initialization)
    EXPECT_EQ(held.use_count(), 3);
  }
  EXPECT_EQ(held.use_count(), 2);
}

TEST(Runnable, CH6_AHundredThousandNestedRunnablesAreDestroyedWithoutRecursion) {
  const auto held = std::make_shared<int>(1);
  {
    runnable what = [held](context& ctx, callback ready) { return ready(ctx); };
    for (int i = 0; i < 100'000; ++i) what = chain(std::move(what), nop());
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace steward
