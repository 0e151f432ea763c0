// SPDX-License-Identifier: Apache-2.0
#include "steward/chain.hpp"

#include "steward/named.hpp"
#include "steward/sync_wait.hpp"
#include "virtual_test.hpp"

#include <deque>
#include <string>
#include <vector>

namespace steward {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

class Chain : public virtual_test {
 protected:
  /// Runs with a callback that is in use for `in_use`, or until its context stops, and writes that down.
  result<> run(const runnable& what, std::chrono::nanoseconds in_use = 10ms, const result<>& given = {}) {
    background job(time, [&]() -> task<> {
      const auto use = [&](context& handed) -> task<> {
        log.add(handed, "main begins");
        if (!co_await handed.sleep_for(in_use)) log.add(handed, "main forced");
        log.add(handed, "main returns");
        co_return given;
      };
      co_return co_await what.run(root, use);
    });
    time.run();
    return job.outcome();
  }

  scripted stage(const std::string& name) { return scripted(name, log); }
};

TEST_F(Chain, CH1_NoStagesBehaveAsNop) {
  EXPECT_EQ(text(run(chain())), "success");
  EXPECT_THAT(log.timed(), ElementsAre("0ms main begins", "10ms main returns"));
  EXPECT_EQ(text(run(chain(), 0ms, fail(error("no")))), "no");
}

TEST_F(Chain, CH1_OneStageIsItself) {
  context* seen = nullptr;
  const auto look = [&](context& ctx, callback ready) -> task<> {
    seen = &ctx;
    co_return co_await ready(ctx);
  };
  EXPECT_EQ(text(run(chain(look))), "success");
  EXPECT_EQ(seen, &static_cast<context&>(root));
}

TEST_F(Chain, CH2_StagesStartInOrderEachInsideTheCallbackOfTheOneBefore) {
  const runnable what = chain(stage("a").ready_after(1ms), stage("b").ready_after(2ms), stage("c").ready_after(3ms));
  EXPECT_EQ(text(run(what)), "success");
  EXPECT_THAT(log.timed(),
              ElementsAre("0ms a start", "1ms a ready", "1ms b start", "3ms b ready", "3ms c start", "6ms c ready", "6ms main begins",
                          "16ms main returns", "16ms c released", "16ms c end", "16ms b released", "16ms b end", "16ms a released", "16ms a end"));
}

TEST_F(Chain, CH3_TheyWindDownInTheReverseOrderOneAfterTheOther) {
  const runnable what = chain(stage("a").winds_down_in(1ms), stage("b").winds_down_in(2ms), stage("c").winds_down_in(3ms));
  EXPECT_EQ(text(run(what, 10ms)), "success");
  EXPECT_EQ(log.when("c end"), 13ms);
  EXPECT_EQ(log.when("b released"), 13ms);
  EXPECT_EQ(log.when("b end"), 15ms);
  EXPECT_EQ(log.when("a released"), 15ms);
  EXPECT_EQ(log.when("a end"), 16ms);
}

TEST_F(Chain, CH4_AStageThatFailsBeforeItIsReadyKeepsLaterOnesAndTheMainCallbackFromStarting) {
  const runnable what = chain(stage("a").winds_down_in(5ms), named("b", stage("b").end_before_ready(fail(error("broken")))), stage("c"));
  EXPECT_EQ(text(run(what)), "b: broken");
  EXPECT_THAT(log.timed(), ElementsAre("0ms a start", "0ms a ready", "0ms b start", "0ms b end", "0ms a released", "5ms a end"));
}

TEST_F(Chain, CH4_WhatAStageReturnsIsWhatTheCallbackOfTheStageBeforeReturns) {
  std::string seen;
  const auto first = [&](context& ctx, callback ready) -> task<> {
    auto inner = co_await ready(ctx);
    seen = text(inner);
    if (!inner) co_return inner.error().prefixed("first: ");
    co_return {};
  };
  EXPECT_EQ(text(run(chain(first, stage("b").fail_with(error("late"))))), "first: late");
  EXPECT_EQ(seen, "late");
}

TEST_F(Chain, CH4_TheErrorOfTheMainCallbackWinsOverThoseOfTheStages) {
  const runnable what = chain(stage("a").fail_with(error("a failed")), stage("b").fail_with(error("b failed")));
  EXPECT_EQ(text(run(what, 1ms, fail(error("main failed")))), "main failed");
  EXPECT_EQ(text(run(what, 1ms)), "b failed");
}

TEST_F(Chain, CH4_AStageThatEndsWithSuccessBeforeItIsReadyEndsTheChainWithSuccess) {
  EXPECT_EQ(text(run(chain(stage("a"), stage("b").end_before_ready(), stage("c")))), "success");
  EXPECT_FALSE(log.has("c start"));
  EXPECT_FALSE(log.has("main begins"));
}

TEST_F(Chain, CH5_ALostStageForcesLaterOnesAndTheMainCallbackWhileEarlierOnesWindDownGracefully) {
  const runnable what = chain(stage("a").winds_down_in(5ms), stage("b").lose_after(3ms).winds_down_in(5ms), stage("c").winds_down_in(1h));
  EXPECT_EQ(text(run(what, 1h)), "stopped: dependency_lost");
  EXPECT_THAT(log.timed(), ElementsAre("0ms a start", "0ms a ready", "0ms b start", "0ms b ready", "0ms c start", "0ms c ready", "0ms main begins",
                                       "3ms b lost", "3ms main forced", "3ms main returns", "3ms c released", "3ms c forced", "3ms c end",
                                       "3ms b released", "8ms b end", "8ms a released", "13ms a end"));
}

TEST_F(Chain, CH5_AStageThatIsLostWhileALaterOneStartsCancelsThat) {
  const runnable what = chain(stage("a").lose_after(3ms), stage("b").ready_after(1h), stage("c"));
  EXPECT_EQ(text(run(what)), "stopped: dependency_lost");
  EXPECT_EQ(log.when("b forced"), 3ms);
  EXPECT_FALSE(log.has("c start"));
}

TEST_F(Chain, AForcedChainIsForcedEverywhereAtThatInstant) {
  const runnable what = chain(stage("a").winds_down_in(1h), stage("b").winds_down_in(1h));
  deadline_context own(root, 5ms);
  background job(time, [&]() -> task<> {
    const auto use = [&](context& handed) -> task<> { co_return co_await handed.sleep_for(1h); };
    co_return co_await what.run(own, use);
  });
  time.run();
  EXPECT_EQ(log.when("b end"), 5ms);
  EXPECT_EQ(log.when("a end"), 5ms);
  EXPECT_EQ(job.text(), "stopped: deadline");
}

TEST_F(Chain, Contexts_AStageGetsWhatTheStageBeforeHandedToItsCallback) {
  std::vector<const context*> got;
  std::vector<const context*> handed;
  const auto own = [&](context& ctx, callback ready) -> task<> {
    got.push_back(&ctx);
    handed.push_back(&ctx);
    co_return co_await ready(ctx);
  };
  const auto child = [&](context& ctx, callback ready) -> task<> {
    got.push_back(&ctx);
    context inner(ctx);
    handed.push_back(&inner);
    co_return co_await ready(inner);
  };
  const runnable what = chain(own, child, own, child);
  background job(time, [&]() -> task<> {
    const auto use = [&](context& ctx) -> task<> {
      got.push_back(&ctx);
      co_return {};
    };
    co_return co_await what.run(root, use);
  });
  time.run();
  ASSERT_EQ(got.size(), 5U);
  ASSERT_EQ(handed.size(), 4U);
  EXPECT_EQ(got[0], &static_cast<context&>(root));
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(got[i + 1], handed[i]) << i;
}

TEST_F(Chain, ContextsOfNop_TheCallbackGetsRunsOwnContext) {
  const context* seen = nullptr;
  background job(time, [&]() -> task<> {
    const auto use = [&](context& ctx) -> task<> {
      seen = &ctx;
      co_return {};
    };
    co_return co_await nop().run(root, use);
  });
  time.run();
  EXPECT_EQ(seen, &static_cast<context&>(root));
}

TEST_F(Chain, TakesARangeOrAVectorToo) {
  std::deque<runnable> range{stage("a"), stage("b")};
  EXPECT_TRUE(run(chain(range)).has_value());
  EXPECT_TRUE(run(chain(std::vector<runnable>{stage("c")})).has_value());
  EXPECT_TRUE(log.in_order("a start", "b start"));
  EXPECT_TRUE(log.has("c start"));
}

constexpr int long_chain = 100'000;

/// Counts who is inside. One object is every stage.
struct counting_stage {
  int* inside;
  int* most;
  int fail_at_end_of = -1;
  int fail_before_ready_of = -1;

  task<> run(context& ctx, callback ready) {
    const int mine = (*inside)++;
    if (*inside > *most) *most = *inside;
    if (mine == fail_before_ready_of) {
      --*inside;
      co_return errc::not_found;
    }
    auto outcome = co_await ready(ctx);
    --*inside;
    if (mine == fail_at_end_of) co_return errc::unreadable;
    co_return outcome;
  }
};

class LongChain : public ::testing::TestWithParam<bool> {
 protected:
  /// On a virtual scheduler, or on a run loop.
  template <class Body>
  static result<> run(Body body) {
    return GetParam() ? result<>(run_virtual(body)) : result<>(sync_wait(body));
  }
  runnable make(int fail_at_end_of = -1, int fail_before_ready_of = -1) {
    const counting_stage one{&inside, &most, fail_at_end_of, fail_before_ready_of};
    const runnable shared = one;
    return chain(std::vector<runnable>(long_chain, shared));
  }

  int inside = 0;
  int most = 0;
};

TEST_P(LongChain, CH6_RunsAndWindsDownGracefully) {
  const runnable what = make();
  const auto outcome = run([&](context& ctx) -> task<> {
    const auto use = [](context& handed) -> task<> { co_return co_await handed.sleep_for(0ms); };
    co_return co_await what.run(ctx, use);
  });
  EXPECT_EQ(text(outcome), "success");
  EXPECT_EQ(most, long_chain);
  EXPECT_EQ(inside, 0);
}

TEST_P(LongChain, CH6_IsForced) {
  const runnable what = make();
  const auto outcome = run([&](context& ctx) -> task<> {
    context own(ctx);
    const auto use = [&](context& handed) -> task<> {
      own.stop();
      const error why = co_await handed.stopped();
      co_return why;
    };
    co_return co_await what.run(own, use);
  });
  EXPECT_EQ(text(outcome), "stopped: requested");
  EXPECT_EQ(most, long_chain);
  EXPECT_EQ(inside, 0);
}

TEST_P(LongChain, CH6_FailsInTheMiddleAndAtTheEnd) {
  for (const int at : {0, long_chain / 2, long_chain - 1}) {
    const auto early = run([&](context& ctx) -> task<> {
      const runnable what = make(-1, at);
      const auto use = [](context&) -> task<> { co_return {}; };
      co_return co_await what.run(ctx, use);
    });
    EXPECT_TRUE(!early && early.error().is(errc::not_found));
    const auto late = run([&](context& ctx) -> task<> {
      const runnable what = make(at);
      const auto use = [](context&) -> task<> { co_return {}; };
      co_return co_await what.run(ctx, use);
    });
    EXPECT_TRUE(!late && late.error().is(errc::unreadable));
    EXPECT_EQ(inside, 0);
  }
}

TEST_P(LongChain, CH6_OfDistinctNamedStagesFailsWithAnErrorThatIsPrintedAndDestroyed) {
  std::vector<runnable> stages;
  for (int i = 0; i < long_chain; ++i) stages.push_back(named("s", i + 1 < long_chain ? nop() : runnable(scripted("").fail_with(errc::not_found))));
  const runnable what = chain(std::move(stages));
  const auto outcome = run([&](context& ctx) -> task<> {
    const auto use = [](context&) -> task<> { co_return {}; };
    co_return co_await what.run(ctx, use);
  });
  EXPECT_TRUE(!outcome && outcome.error().is(errc::not_found));
  EXPECT_EQ(text(outcome).size(), 3U * long_chain + 9U);
}

INSTANTIATE_TEST_SUITE_P(OnBothSchedulers, LongChain, ::testing::Values(true, false),
                         [](const auto& each) { return each.param ? "virtual_scheduler" : "run_loop"; });

}  // namespace
}  // namespace steward
