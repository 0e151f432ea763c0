// SPDX-License-Identifier: Apache-2.0
#include "steward/context.hpp"

#include "steward/process.hpp"
#include "steward/stop_callback.hpp"
#include "virtual_test.hpp"

#include <deque>
#include <functional>
#include <optional>
#include <vector>

namespace steward {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

class Context : public virtual_test {};

TEST_F(Context, C1_AChildStopsWhenItsParentStops) {
  context child(root);
  context grandchild(child);
  EXPECT_TRUE(root.stop());
  EXPECT_TRUE(child.is_stopped());
  EXPECT_TRUE(grandchild.is_stopped());
}

TEST_F(Context, C1_ParentsAndSiblingsNeverStopBecauseAChildDid) {
  context child(root);
  context sibling(root);
  context grandchild(child);
  context nephew(sibling);
  child.stop();
  EXPECT_TRUE(grandchild.is_stopped());
  EXPECT_FALSE(root.is_stopped());
  EXPECT_FALSE(sibling.is_stopped());
  EXPECT_FALSE(nephew.is_stopped());
}

TEST_F(Context, C1_AChildOfAStoppedParentIsBornStopped) {
  root.stop(stop_reason::shutdown);
  const context child(root);
  EXPECT_TRUE(child.is_stopped());
  EXPECT_EQ(child.stop_error()->reason(), stop_reason::shutdown);
  EXPECT_TRUE(child.stop_error()->inherited());
}

TEST_F(Context, GraceIsAboveOneThatWasItselfAskedToStop) {
  for (const stop_reason why : {stop_reason::requested, stop_reason::shutdown}) {
    context child(root);
    EXPECT_EQ(&child.grace(), &child);
    child.stop(why);
    EXPECT_EQ(&child.grace(), &root);
  }
}

TEST_F(Context, GraceIsNotForOneThatIsLateOrForcedFromAbove) {
  context late(root);
  late.stop(stop_reason::deadline);
  EXPECT_EQ(&late.grace(), &late);
  context above(root);
  context below(above);
  above.stop();
  EXPECT_EQ(&below.grace(), &below);
  root.stop();
  EXPECT_EQ(&root.grace(), &root) << "nothing is above";
}

TEST_F(Context, C1_AWideAndDeepTreeStopsAsAWholeAndOnlyBelow) {
  context top(root);
  std::deque<context> tree;
  tree.emplace_back(top);
  for (std::size_t i = 1; i < 1000; ++i) tree.emplace_back(tree[(i - 1) / 3]);
  std::deque<context> chain;
  chain.emplace_back(tree[500]);
  for (int i = 0; i < 10'000; ++i) chain.emplace_back(chain.back());
  tree[0].stop();
  for (const context& each : tree) EXPECT_TRUE(each.is_stopped());
  for (const context& each : chain) EXPECT_TRUE(each.is_stopped());
  EXPECT_FALSE(top.is_stopped());
  while (!chain.empty()) chain.pop_back();
  while (!tree.empty()) tree.pop_back();
}

TEST_F(Context, C1_AHundredThousandChildrenStopAtOnce) {
  std::deque<context> children;
  for (int i = 0; i < 100'000; ++i) children.emplace_back(root);
  root.stop();
  for (const context& each : children) ASSERT_TRUE(each.is_stopped());
}

TEST_F(Context, C2_ADeadlineStopsTheContextWhenItPasses) {
  deadline_context limited(root, 10ms);
  const context child(limited);
  time.advance(9ms);
  EXPECT_FALSE(limited.is_stopped());
  time.advance(1ms);
  EXPECT_TRUE(limited.is_stopped());
  EXPECT_EQ(limited.stop_error()->reason(), stop_reason::deadline);
  EXPECT_FALSE(limited.stop_error()->inherited());
  EXPECT_TRUE(child.is_stopped());
  EXPECT_FALSE(root.is_stopped());
}

TEST_F(Context, C2_TheEffectiveDeadlineIsTheEarlierOne) {
  EXPECT_FALSE(root.deadline().has_value());
  const deadline_context outer(root, 10ms);
  deadline_context& parent = const_cast<deadline_context&>(outer);
  const deadline_context later(parent, 20ms);
  const deadline_context earlier(parent, 5ms);
  const context plain(parent);
  EXPECT_EQ(*outer.deadline(), time.now() + 10ms);
  EXPECT_EQ(*later.deadline(), time.now() + 10ms);
  EXPECT_EQ(*earlier.deadline(), time.now() + 5ms);
  EXPECT_EQ(*plain.deadline(), time.now() + 10ms);
  time.advance(5ms);
  EXPECT_TRUE(earlier.is_stopped());
  EXPECT_FALSE(later.is_stopped());
  time.advance(5ms);
  EXPECT_TRUE(later.is_stopped());
  EXPECT_TRUE(later.stop_error()->inherited());
}

TEST_F(Context, C2_AProcessInheritsTheDeadlineOfTheContextThatItWasMadeWith) {
  deadline_context limited(root, 10ms);
  std::optional<instant> seen;
  const auto look = [&](context& ctx, callback ready) -> task<> {
    seen = ctx.deadline();
    co_return co_await ready(ctx);
  };
  process p(limited, look);
  background started(time, p.start(root));
  time.advance(10ms);
  EXPECT_EQ(*seen, virtual_scheduler::epoch + 10ms);
  EXPECT_TRUE(p.is_done());
}

TEST_F(Context, C2_ADeadlineThatWasTakenBackDoesNothing) {
  {
    const deadline_context limited(root, 10ms);
  }
  EXPECT_EQ(time.leftovers(), 0U);
}

TEST_F(Context, C2_ADeadlineInThePastStopsWithoutWaiting) {
  const deadline_context limited(root, -1ms);
  time.run_until_idle();
  EXPECT_TRUE(limited.is_stopped());
}

TEST_F(Context, C2_ADeadlineThatIsDueWhenItsContextGoesIsHarmless) {
  std::optional<deadline_context> limited;
  limited.emplace(root, 10ms);
  time.run_until_idle();
  time.move_to_next_timer();  // due and queued, not run
  limited.reset();
  EXPECT_EQ(time.run_until_idle(), 1U);
}

TEST_F(Context, C3_TheFirstReasonStays) {
  context child(root);
  EXPECT_FALSE(child.stop_error().has_value());
  EXPECT_TRUE(child.stop(stop_reason::superseded));
  EXPECT_FALSE(child.stop(stop_reason::removed));
  root.stop(stop_reason::shutdown);
  EXPECT_EQ(child.stop_error()->reason(), stop_reason::superseded);
  EXPECT_FALSE(child.stop_error()->inherited());
  EXPECT_EQ(child.stop_error()->to_string(), "stopped: superseded");
}

TEST_F(Context, C3_AChildCarriesItsParentsReasonAndSaysThatItIsInherited) {
  context child(root);
  const context grandchild(child);
  root.stop(stop_reason::lease_lost);
  for (const context* each : {static_cast<const context*>(&child), &grandchild}) {
    EXPECT_EQ(each->stop_error()->reason(), stop_reason::lease_lost);
    EXPECT_TRUE(each->stop_error()->inherited());
    EXPECT_TRUE(each->stop_error()->is_echo_of(&root));
    EXPECT_EQ(each->stop_error()->to_string(), "stopped: lease_lost (inherited)");
  }
  EXPECT_FALSE(root.stop_error()->inherited());
}

TEST_F(Context, C4_StoppingIsIdempotentAndSaysWhoDidIt) {
  int calls = 0;
  const stop_callback count(root, [&] { ++calls; });
  EXPECT_TRUE(root.stop());
  EXPECT_FALSE(root.stop());
  EXPECT_EQ(calls, 1);
}

TEST_F(Context, C4_ACallbackOfAStoppedContextRunsAtOnce) {
  root.stop();
  bool called = false;
  const stop_callback look(root, [&] { called = true; });
  EXPECT_TRUE(called);
}

TEST_F(Context, C4_ACallbackNeverRunsAfterItsDeregistration) {
  int calls = 0;
  {
    const stop_callback gone(root, [&] { ++calls; });
  }
  root.stop();
  EXPECT_EQ(calls, 0);
}

TEST_F(Context, C4_ACallbackMayBeDeregisteredFromInsideItself) {
  const auto noop = [] {};
  std::optional<stop_callback<std::function<void()>>> self;
  int calls = 0;
  const stop_callback before(root, noop);
  self.emplace(root, [&] {
    ++calls;
    self.reset();
  });
  const stop_callback after(root, noop);
  root.stop();
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(self.has_value());
}

TEST_F(Context, C4_ACallbackMayDeregisterAnotherThatThenNeverRuns) {
  for (const bool first : {true, false}) {
    context child(root);
    int calls = 0;
    std::optional<stop_callback<std::function<void()>>> one;
    std::optional<stop_callback<std::function<void()>>> other;
    const auto add = [&](auto& mine, auto& theirs) {
      mine.emplace(child, [&calls, &theirs] {
        ++calls;
        theirs.reset();
      });
    };
    add(first ? one : other, first ? other : one);
    add(first ? other : one, first ? one : other);
    child.stop();
    EXPECT_EQ(calls, 1);
  }
}

TEST_F(Context, C4_CallbacksOfChildrenRunToo) {
  context child(root);
  context grandchild(child);
  int calls = 0;
  const stop_callback one(root, [&] { ++calls; });
  const stop_callback two(child, [&] { ++calls; });
  const stop_callback three(grandchild, [&] { ++calls; });
  child.stop();
  EXPECT_EQ(calls, 2);
  root.stop();
  EXPECT_EQ(calls, 3);
}

TEST_F(Context, C5_WaitsEndAtTheInstantOfTheStopWithItsReason) {
  context child(root);
  journal log;
  background stopped(time, [&]() -> task<> {
    const error why = co_await child.stopped();
    log.add(child, why.to_string());
    co_return {};
  });
  background slept(time, [&]() -> task<> {
    const auto outcome = co_await child.sleep_for(1h);
    log.add(child, outcome.error().to_string());
    co_return {};
  });
  time.advance(10ms);
  root.stop(stop_reason::superseded);
  time.advance(10ms);
  EXPECT_THAT(log.timed(), ElementsAre("10ms stopped: superseded (inherited)", "10ms stopped: superseded (inherited)"));
  EXPECT_EQ(time.leftovers(), 0U);
}

TEST_F(Context, C5_NoUserCoroutineRunsInsideStop) {
  int resumed = 0;
  background one(time, [&]() -> task<> {
    (void)co_await root.stopped();
    ++resumed;
    co_return {};
  });
  background two(time, [&]() -> task<> {
    (void)co_await root.sleep_for(1h);
    ++resumed;
    co_return {};
  });
  process p(root, nop());
  background started(time, p.start(root));
  background done(time, [&]() -> task<> {
    (void)co_await p.done(root);
    ++resumed;
    co_return {};
  });
  time.run_until_idle();
  root.stop();
  EXPECT_EQ(resumed, 0);
  EXPECT_GT(time.leftovers(), 0U);
  time.run_until_idle();
  EXPECT_EQ(resumed, 3);
}

TEST_F(Context, C5_AWaiterResumesOnItsOwnSchedulerWhoeverStops) {
  virtual_scheduler other;
  bool resumed = false;
  background elsewhere(other, [&]() -> task<> {
    (void)co_await root.stopped();
    resumed = true;
    co_return {};
  });
  other.run_until_idle();
  root.stop();
  EXPECT_EQ(time.run_until_idle(), 0U);
  EXPECT_FALSE(resumed);
  EXPECT_EQ(other.leftovers(), 1U);
  other.run_until_idle();
  EXPECT_TRUE(resumed);
}

TEST_F(Context, C5_AWaitOnAStoppedContextEndsAtOnce) {
  root.stop(stop_reason::removed);
  background both(time, [&]() -> task<> {
    EXPECT_EQ((co_await root.stopped()).reason(), stop_reason::removed);
    EXPECT_EQ((co_await root.sleep_for(1h)).error().reason(), stop_reason::removed);
    co_return {};
  });
  time.run_until_idle();
  EXPECT_TRUE(both.done());
}

TEST_F(Context, C5_ASleepThatIsOverAtTheInstantOfAStopIsResumedOnceOnly) {
  for (const bool stop_first : {true, false}) {
    context child(root);
    int resumed = 0;
    background slept(time, [&]() -> task<> {
      (void)co_await child.sleep_for(10ms);
      ++resumed;
      co_return {};
    });
    time.run_until_idle();
    if (!stop_first) time.move_to_next_timer();
    child.stop();
    time.run();
    EXPECT_EQ(resumed, 1);
  }
}

TEST_F(Context, SleepingForNothingYieldsAndSucceeds) {
  background slept(time, [&]() -> task<> { co_return co_await root.sleep_for(0ms); });
  time.run_until_idle();
  EXPECT_EQ(slept.text(), "success");
  EXPECT_EQ(time.elapsed(), 0ms);
}

TEST_F(Context, DescendsFromItselfAndItsAncestorsAlone) {
  context child(root);
  process p(child, nop());
  const context sibling(root);
  EXPECT_TRUE(child.descends_from(root));
  EXPECT_TRUE(child.descends_from(child));
  EXPECT_FALSE(root.descends_from(child));
  EXPECT_FALSE(sibling.descends_from(child));
}

TEST_F(Context, ARequestToStopTheRootKeepsTheFirstCause) {
  EXPECT_FALSE(root.cause().has_value());
  context child(root);
  child.request_stop(error("disk full"));
  child.request_stop(error("too late"));
  EXPECT_TRUE(root.is_stopped());
  EXPECT_EQ(root.stop_error()->reason(), stop_reason::requested);
  EXPECT_EQ(root.cause()->to_string(), "disk full");
}

TEST_F(Context, AStopTokenFollowsAContext) {
  context child(root);
  const stop_token_bridge bridge(child);
  EXPECT_FALSE(bridge.token().stop_requested());
  root.stop();
  EXPECT_TRUE(bridge.token().stop_requested());
  const stop_token_bridge late(child);
  EXPECT_TRUE(late.token().stop_requested());
}

}  // namespace
}  // namespace steward
