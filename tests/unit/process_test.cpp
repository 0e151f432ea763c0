// SPDX-License-Identifier: Apache-2.0
//
// PR1 to PR14, one schedule each; process_schedules_test.cpp has all the others.
#include "steward/process.hpp"

#include "process_fixture.hpp"

#include <string>
#include <vector>

namespace steward {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

class Process : public process_test {};

TEST_F(Process, PR1_GoesFromInitialThroughStartingAndRunningToStopped) {
  process p(root, stage("p").ready_after(10ms).winds_down_in(10ms));
  EXPECT_EQ(p.state(), process_state::initial);
  background started(time, p.start(root));
  time.run_until_idle();
  EXPECT_EQ(p.state(), process_state::starting);
  time.advance(10ms);
  EXPECT_EQ(p.state(), process_state::running);
  EXPECT_FALSE(p.ending());
  background stopped(time, p.stop(root));
  time.run_until_idle();
  EXPECT_EQ(p.state(), process_state::stopped);
  EXPECT_TRUE(p.ending());
  EXPECT_FALSE(p.is_done());
  time.advance(10ms);
  EXPECT_EQ(p.state(), process_state::stopped);
  EXPECT_FALSE(p.ending());
  EXPECT_TRUE(p.is_done());
}

TEST_F(Process, PR1_IsStoppedAsSoonAsItIsLost) {
  process p(root, stage("p").lose_after(10ms).winds_down_in(10ms));
  background started(time, p.start(root));
  time.advance(10ms);
  EXPECT_EQ(p.state(), process_state::stopped);
  EXPECT_TRUE(p.ending());
  time.run();
  EXPECT_TRUE(p.is_done());
  EXPECT_FALSE(p.err().has_value());
}

TEST_F(Process, PR1_IsStoppedWhenItIsLostWithAContextOfAnotherTree) {
  root_context other(time);
  const auto hands_on = [&](context&, callback ready) -> task<> { co_return co_await ready(other); };
  process p(root, hands_on);
  background started(time, p.start(root));
  time.run_until_idle();
  EXPECT_EQ(p.state(), process_state::running);
  other.stop();
  time.run_until_idle();
  EXPECT_TRUE(p.is_done());
  EXPECT_EQ(started.text(), "success");
}

TEST_F(Process, PR1_IsNeverRunningWhenWhatItHandsOnIsLostAlready) {
  const auto lost = [](context& ctx, callback ready) -> task<> {
    context handed(ctx);
    handed.stop(stop_reason::dependency_lost);
    co_return co_await ready(handed);
  };
  process p(root, lost);
  background started(time, p.start(root));
  while (time.run_one()) EXPECT_NE(p.state(), process_state::running);
  EXPECT_EQ(started.text(), "run: ended before it was ready");
}

TEST_F(Process, PR2_StartSucceedsOnlyInInitial) {
  process p(root, stage("p").ready_after(10ms).winds_down_in(10ms));
  background first(time, p.start(root));
  time.run_until_idle();
  expect_at_once(p.start(root), errc::invalid_state);
  time.advance(10ms);
  expect_at_once(p.start(root), errc::invalid_state);
  background stopped(time, p.stop(root));
  time.run_until_idle();
  expect_at_once(p.start(root), errc::invalid_state);
  time.run();
  expect_at_once(p.start(root), errc::invalid_state);
  EXPECT_EQ(first.text(), "success");
}

TEST_F(Process, PR2_StopInStoppedIsInvalidStateAtOnce) {
  process p(root, stage("p").winds_down_in(10ms));
  background started(time, p.start(root));
  time.run_until_idle();
  background first(time, p.stop(root));
  time.run_until_idle();
  expect_at_once(p.stop(root), errc::invalid_state);
  EXPECT_FALSE(first.done());
  time.run();
  expect_at_once(p.stop(root), errc::invalid_state);
  EXPECT_EQ(first.text(), "success");
}

TEST_F(Process, PR2_StopInInitialSucceedsForbidsALaterStartAndFiresDone) {
  auto part = stage("p");
  process p(root, part);
  background done(time, p.done(root));
  background stopped(time, p.stop(root));
  time.run_until_idle();
  EXPECT_EQ(stopped.text(), "success");
  EXPECT_EQ(done.text(), "success");
  EXPECT_TRUE(p.is_done());
  expect_at_once(p.start(root), errc::invalid_state);
  EXPECT_EQ(part.runs(), 0U);
}

TEST_F(Process, PR3_StartCompletesWhenTheProcessIsReady) {
  process p(root, stage("p").ready_after(10ms));
  background started(time, p.start(root));
  time.advance(9ms);
  EXPECT_FALSE(started.done());
  time.advance(1ms);
  EXPECT_EQ(started.text(), "success");
  end(p);
}

TEST_F(Process, PR3_AnEndBeforeThatFailsTheStart) {
  process p(root, stage("p").end_before_ready(fail(errc::unreadable)));
  background started(time, p.start(root));
  time.run_until_idle();
  EXPECT_EQ(started.text(), "run: unreadable");
  EXPECT_TRUE(started.outcome().error().is(errc::unreadable));
  EXPECT_EQ(p.err()->to_string(), "unreadable");
}

TEST_F(Process, PR3_R10_ASuccessWithoutACallIsEndedBeforeReady) {
  process p(root, stage("p").end_before_ready());
  background started(time, p.start(root));
  time.run_until_idle();
  EXPECT_EQ(started.text(), "run: ended before it was ready");
  EXPECT_TRUE(started.outcome().error().is(errc::ended_before_ready));
  EXPECT_FALSE(p.err().has_value());
}

TEST_F(Process, PR4_WhenStartsContextStopsFirstTheProcessIsForcedAndStartWaitsForItsEnd) {
  process p(root, stage("p").ready_after(20ms).ignore_stop().winds_down_in(10ms));
  deadline_context soon(root, 5ms);
  background started(time, p.start(soon));
  time.advance(5ms);
  EXPECT_EQ(p.state(), process_state::stopped);
  time.advance(24ms);
  EXPECT_FALSE(started.done());
  time.advance(1ms);
  EXPECT_EQ(started.text(), "stopped: deadline");
  EXPECT_TRUE(p.is_done());
}

TEST_F(Process, PR4_TheReasonIsReturnedEvenIfTheRunReportsAnotherError) {
  process p(root, stage("p").ready_after(20ms).ignore_stop().fail_with(error("too late")));
  deadline_context soon(root, 5ms);
  background started(time, p.start(soon));
  time.run();
  EXPECT_EQ(started.text(), "stopped: deadline");
  EXPECT_EQ(p.err()->to_string(), "too late");
}

TEST_F(Process, PR4_AStartWhoseContextIsStoppedAlreadyDoesNotRun) {
  auto part = stage("p");
  process p(root, part);
  context stopped(root);
  stopped.stop(stop_reason::superseded);
  background started(time, p.start(stopped));
  time.run_until_idle();
  EXPECT_EQ(started.text(), "stopped: superseded");
  EXPECT_EQ(part.runs(), 0U);
  EXPECT_TRUE(p.is_done());
}

TEST_F(Process, PR4_AfterBeingReadyStartsContextDoesNotMatter) {
  process p(root, stage("p"));
  context of_start(root);
  background started(time, p.start(of_start));
  time.run_until_idle();
  of_start.stop();
  time.run_until_idle();
  EXPECT_EQ(started.text(), "success");
  EXPECT_EQ(p.state(), process_state::running);
  end(p);
}

TEST_F(Process, PR5_StopInStartingForces) {
  process p(root, stage("p").hang());
  background started(time, p.start(root));
  time.run_until_idle();
  background stopped(time, p.stop(root));
  time.run_until_idle();
  EXPECT_EQ(started.text(), "stopped: requested");
  EXPECT_EQ(stopped.text(), "success");
  EXPECT_TRUE(log.has("p forced"));
}

TEST_F(Process, PR5_StopInStartingReturnsTheErrorOfTheRunIfItIsNoEchoOfThisStop) {
  process p(root, stage("p").ready_after(10ms).ignore_stop().fail_with(errc::unreadable));
  background started(time, p.start(root));
  time.run_until_idle();
  background stopped(time, p.stop(root));
  time.run();
  EXPECT_EQ(stopped.text(), "run: unreadable");
  EXPECT_EQ(started.text(), "stopped: requested");
  EXPECT_EQ(started.outcome().error().to_tree(), "stopped: requested\nalso: unreadable\n");
}

TEST_F(Process, PR5_StartNeverReportsSuccessForAProcessThatIsStoppedAlready) {
  // It ignores the stop and becomes ready all the same.
  process p(root, stage("p").ready_after(10ms).ignore_stop());
  background started(time, p.start(root));
  time.advance(5ms);
  background stopped(time, p.stop(root));
  time.run();
  EXPECT_EQ(started.text(), "stopped: requested");
  EXPECT_EQ(stopped.text(), "success");
  EXPECT_EQ(p.state(), process_state::stopped);
}

TEST_F(Process, PR6_StopInRunningIsGracefulAndCompletesAtTheEnd) {
  process p(root, stage("p").winds_down_in(10ms));
  background started(time, p.start(root));
  time.run_until_idle();
  background stopped(time, p.stop(root));
  time.advance(9ms);
  EXPECT_FALSE(stopped.done());
  time.advance(1ms);
  EXPECT_EQ(stopped.text(), "success");
  EXPECT_FALSE(log.has("p forced"));
}

TEST_F(Process, PR6_StopReturnsTheErrorOfTheRun) {
  process p(root, stage("p").fail_with(errc::unreadable));
  background started(time, p.start(root));
  time.run_until_idle();
  background stopped(time, p.stop(root));
  time.run_until_idle();
  EXPECT_EQ(stopped.text(), "run: unreadable");
  EXPECT_EQ(p.err()->to_string(), "unreadable");
}

TEST_F(Process, PR7_WhenStopsContextStopsFirstTheProcessIsForcedAndStopWaitsForItsEnd) {
  process p(root, stage("p").winds_down_in(20ms).ignore_stop());
  background started(time, p.start(root));
  time.run_until_idle();
  deadline_context soon(root, 5ms);
  background stopped(time, p.stop(soon));
  time.advance(19ms);
  EXPECT_FALSE(stopped.done());
  time.advance(1ms);
  EXPECT_EQ(stopped.text(), "stopped: deadline");
}

TEST_F(Process, PR7_AForcedProcessEndsAtThatInstant) {
  process p(root, stage("p").winds_down_in(1h));
  background started(time, p.start(root));
  time.run_until_idle();
  deadline_context soon(root, 5ms);
  background stopped(time, p.stop(soon));
  time.run();
  EXPECT_EQ(log.when("p end"), 5ms);
  EXPECT_EQ(stopped.text(), "stopped: deadline");
}

TEST_F(Process, PR7_AStopWhoseContextIsStoppedAlreadyForcesAtOnce) {
  process p(root, stage("p").winds_down_in(1h));
  background started(time, p.start(root));
  time.run_until_idle();
  context stopped_context(root);
  stopped_context.stop(stop_reason::removed);
  background stopped(time, p.stop(stopped_context));
  time.run_until_idle();
  EXPECT_EQ(stopped.text(), "stopped: removed");
  EXPECT_TRUE(p.is_done());
}

TEST_F(Process, PR7_AForceWhileStoppingEndsAStopOfAnotherContextWithSuccess) {
  process p(root, stage("p").winds_down_in(1h));
  background started(time, p.start(root));
  time.run_until_idle();
  background stopped(time, p.stop(root));
  time.run_until_idle();
  p.force();
  time.run_until_idle();
  EXPECT_EQ(stopped.text(), "success");
}

TEST_F(Process, PR8_WhenDoneFiresEverythingIsFinal) {
  const context* own = nullptr;
  const auto look = [&](context& ctx, callback ready) -> task<> {
    own = &ctx;
    (void)co_await ready(ctx);
    co_return errc::unreadable;
  };
  process p(root, look);
  background started(time, p.start(root));
  time.run_until_idle();
  background watching(time, [&]() -> task<> {
    auto done = co_await p.done(root);
    EXPECT_EQ(p.state(), process_state::stopped);
    EXPECT_FALSE(p.ending());
    EXPECT_EQ(p.err()->to_string(), "unreadable");
    EXPECT_TRUE(own->is_stopped());
    co_return done;
  });
  time.run_until_idle();
  EXPECT_FALSE(watching.done());
  EXPECT_FALSE(p.err().has_value());
  p.request_stop();
  time.run_until_idle();
  EXPECT_EQ(watching.text(), "success");
}

TEST_F(Process, PR8_DoneServesAnyNumberOfWaitersAndStaysFired) {
  process p(root, stage("p"));
  background started(time, p.start(root));
  std::deque<background<void>> waiters;
  for (int i = 0; i < 1000; ++i) waiters.emplace_back(time, p.done(root));
  time.run_until_idle();
  for (const auto& each : waiters) EXPECT_FALSE(each.done());
  end(p);
  for (const auto& each : waiters) EXPECT_EQ(each.text(), "success");
  background late(time, p.done(root));
  time.run_until_idle();
  EXPECT_EQ(late.text(), "success");
}

TEST_F(Process, PR8_AWaitForDoneEndsWhenItsContextStopsAndLeavesTheProcessAlone) {
  process p(root, stage("p"));
  background started(time, p.start(root));
  context of_wait(root);
  background first(time, p.done(root));
  background waiting(time, p.done(of_wait));
  background last(time, p.done(root));
  time.run_until_idle();
  of_wait.stop(stop_reason::superseded);
  time.run_until_idle();
  EXPECT_EQ(waiting.text(), "stopped: superseded");
  background born_stopped(time, p.done(of_wait));
  time.run_until_idle();
  EXPECT_EQ(born_stopped.text(), "stopped: superseded");
  EXPECT_EQ(p.state(), process_state::running);
  end(p);
  EXPECT_EQ(first.text(), "success");
  EXPECT_EQ(last.text(), "success");
}

TEST_F(Process, PR9_OfTwoStopsExactlyOneDoesTheWork) {
  process p(root, stage("p").winds_down_in(10ms));
  background started(time, p.start(root));
  time.run_until_idle();
  background one(time, p.stop(root));
  background two(time, p.stop(root));
  time.run();
  EXPECT_EQ(one.text(), "success");
  EXPECT_EQ(two.text(), "process: invalid process state");
}

TEST_F(Process, PR8_AForceInInitialForbidsALaterStartAndFiresDone) {
  auto part = stage("p");
  process p(root, part);
  background done(time, p.done(root));
  time.run_until_idle();
  p.force();
  time.run_until_idle();
  EXPECT_EQ(done.text(), "success");
  EXPECT_TRUE(p.is_done());
  expect_at_once(p.start(root), errc::invalid_state);
  EXPECT_EQ(part.runs(), 0U);
}

TEST_F(Process, PR10_WhenTheContextThatItWasMadeWithStopsItIsForced) {
  context parent(root);
  process p(parent, stage("p").winds_down_in(1h));
  background started(time, p.start(root));
  time.advance(5ms);
  parent.stop(stop_reason::shutdown);
  time.run();
  EXPECT_EQ(log.when("p end"), 5ms);
  EXPECT_EQ(p.err()->to_string(), "stopped: shutdown (inherited)");
}

TEST_F(Process, PR10_AlsoWhileItStarts) {
  context parent(root);
  process p(parent, stage("p").hang());
  context of_start(root);
  background started(time, p.start(of_start));
  time.run_until_idle();
  parent.stop(stop_reason::shutdown);
  time.run_until_idle();
  EXPECT_EQ(started.text(), "run: stopped: shutdown (inherited)");
}

TEST_F(Process, PR10_OneMadeWithAStoppedContextDoesNotRun) {
  context parent(root);
  parent.stop(stop_reason::shutdown);
  auto part = stage("p");
  process p(parent, part);
  EXPECT_EQ(p.state(), process_state::initial);
  background started(time, p.start(root));
  time.run_until_idle();
  EXPECT_TRUE(started.outcome().error().is_stop());
  EXPECT_EQ(part.runs(), 0U);
  EXPECT_TRUE(p.is_done());
}

TEST_F(Process, PR10_AProcessWhoseParentOutlivesManyOfThemLeavesNoTrace) {
  for (int i = 0; i < 1000; ++i) {
    process p(root, nop());
    background started(time, p.start(root));
    time.run_until_idle();
    end(p);
  }
  root.stop();
  EXPECT_EQ(time.leftovers(), 0U);
}

TEST_F(Process, PR12_AStopFromInsideIsRefused) {
  process* self = nullptr;
  std::string direct;
  std::string through_child;
  const auto inside = [&](context& ctx, callback ready) -> task<> {
    context child(ctx);
    direct = text(co_await self->stop(ctx));
    through_child = text(co_await self->stop(child));
    co_return co_await ready(ctx);
  };
  process p(root, inside);
  self = &p;
  background started(time, p.start(root));
  time.run_until_idle();
  EXPECT_EQ(direct, "would wait for itself");
  EXPECT_EQ(through_child, "would wait for itself");
  EXPECT_EQ(p.state(), process_state::running);
  end(p);
}

TEST_F(Process, PR12_RequestStopIsTheFormForInside) {
  const auto inside = [&](context& ctx, callback ready) -> task<> {
    background in_use(ctx.scheduler(), [&]() -> task<> { co_return co_await ready(ctx); });
    (void)co_await ctx.sleep_for(5ms);
    ctx.request_stop(error("disk full"));
    EXPECT_FALSE(in_use.done());
    co_await in_use;
    log.add(ctx, "released");
    co_return {};
  };
  process p(root, inside);
  background started(time, p.start(root));
  time.run();
  EXPECT_EQ(log.when("released"), 5ms);
  EXPECT_EQ(p.err()->to_string(), "disk full");
}

TEST_F(Process, PR12_TheFirstCauseStaysAndTheRunsOwnErrorWinsOverIt) {
  process quiet(root, stage("p"));
  process loud(root, stage("p").fail_with(errc::unreadable));
  for (process* p : {&quiet, &loud}) {
    background started(time, p->start(root));
    time.run_until_idle();
    p->request_stop(error("first"));
    p->request_stop(error("second"));
    time.run_until_idle();
    EXPECT_TRUE(p->is_done());
  }
  EXPECT_EQ(quiet.err()->to_string(), "first");
  EXPECT_EQ(loud.err()->to_string(), "unreadable");
}

TEST_F(Process, PR12_ARequestWhileStartingForcesAndKeepsItsCauseOverTheEchoOfItsOwnStop) {
  process p(root, stage("p").hang());
  background started(time, p.start(root));
  time.run_until_idle();
  p.request_stop(error("disk full"));
  time.run_until_idle();
  EXPECT_EQ(p.err()->to_string(), "disk full");
  EXPECT_EQ(started.text(), "run: disk full");
}

TEST_F(Process, PR12_ARequestInInitialOrStoppedDoesNothing) {
  process p(root, stage("p"));
  p.request_stop(error("too early"));
  EXPECT_EQ(p.state(), process_state::initial);
  background started(time, p.start(root));
  time.run_until_idle();
  end(p);
  p.request_stop(error("too late"));
  EXPECT_FALSE(p.err().has_value());
}

TEST_F(Process, PR13_TheCallbackReturnsSuccessHoweverItIsReleased) {
  for (const std::string how : {"stop", "lost", "force", "parent"}) {
    context parent(root);
    std::string seen = "never";
    context* mine = nullptr;
    const auto look = [&](context& ctx, callback ready) -> task<> {
      context handed(ctx);
      mine = &handed;
      seen = text(co_await ready(handed));
      co_return {};
    };
    process p(parent, look);
    background started(time, p.start(root));
    time.run_until_idle();
    if (how == "stop") p.request_stop();
    if (how == "lost") mine->stop();
    if (how == "force") p.force();
    if (how == "parent") parent.stop();
    time.run_until_idle();
    EXPECT_EQ(seen, "success") << how;
    EXPECT_TRUE(p.is_done()) << how;
  }
}

TEST_F(Process, PR14_StartAndStopConvertToTasks) {
  process p(root, stage("p"));
  const auto both = [&]() -> task<> {
    task<> starting = p.start(root);
    EXPECT_EQ(p.state(), process_state::initial);
    co_await or_return(std::move(starting));
    co_await or_return(p.stop(root));
    co_return co_await p.done(root);
  };
  background job(time, both);
  time.run_until_idle();
  EXPECT_EQ(job.text(), "success");
}

TEST_F(Process, E2_ErrorsOfStartAndStopArePrefixedAndErrIsRaw) {
  process p(root, stage("p").end_before_ready(fail(error("x"))));
  background started(time, p.start(root));
  time.run_until_idle();
  EXPECT_EQ(started.text(), "run: x");
  EXPECT_EQ(p.err()->to_string(), "x");
}

TEST_F(Process, E4_AProcessThatReturnsTheStopOfItsOwnContextHasStoppedWell) {
  process p(root, stage("p").winds_down_in(1h));
  background started(time, p.start(root));
  time.run_until_idle();
  background stopped(time, p.stop(root));
  time.run_until_idle();
  p.force();  // the stop comes back as the error of the run
  time.run_until_idle();
  EXPECT_TRUE(p.err()->is_stop());
  EXPECT_EQ(stopped.text(), "success");
}

TEST_F(Process, Contexts_RunsUnderAChildOfTheContextThatItWasMadeWithAndOfNoOther) {
  deadline_context parent(root, 1h);
  deadline_context of_start(root, 10min);
  deadline_context of_stop(root, 20min);
  context* own = nullptr;
  const auto look = [&](context& ctx, callback ready) -> task<> {
    own = &ctx;
    co_return co_await ready(ctx);
  };
  process p(parent, look);
  background started(time, p.start(of_start));
  time.run_until_idle();
  EXPECT_TRUE(own->descends_from(parent));
  EXPECT_NE(own, &parent);
  EXPECT_FALSE(own->descends_from(of_start));
  EXPECT_EQ(own->deadline(), parent.deadline());
  background stopped(time, p.stop(of_stop));
  time.run_until_idle();
  EXPECT_EQ(stopped.text(), "success");
}

TEST_F(Process, HasAName) {
  const process named(root, nop(), "web");
  const process unnamed(root, nop());
  EXPECT_EQ(named.name(), "web");
  EXPECT_EQ(unnamed.name(), "");
}

TEST_F(Process, AnEmptyRunnableFailsTheStart) {
  process p(root, runnable());
  background started(time, p.start(root));
  time.run_until_idle();
  EXPECT_EQ(started.text(), "run: empty runnable");
}

}  // namespace
}  // namespace steward
