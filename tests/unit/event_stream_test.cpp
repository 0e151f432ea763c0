// SPDX-License-Identifier: Apache-2.0
#include "steward/event_stream.hpp"

#include "steward/misuse.hpp"
#include "virtual_test.hpp"

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace steward::test {
namespace {

using events = event_subscription<int>;

/// `7`, `lost 3, 7`, `end`, `lost 3, end`, or the error.
std::string text(const next_event<int>& next) {
  const std::string before = next.lost > 0 ? "lost " + std::to_string(next.lost) + ", " : "";
  return before + (next.event ? std::to_string(*next.event) : "end");
}
std::string text(const result<next_event<int>>& next) { return next ? text(*next) : next.error().to_string(); }
std::string text(const std::optional<next_event<int>>& next) { return next ? text(*next) : "nothing"; }

class EventStream : public virtual_test {
 protected:
  /// Takes what comes until the end or the stop, and writes it down.
  task<> hear_one(context& ctx, events& from) {
    auto next = co_await from.next(ctx);
    log.add(root, text(next));
    co_return {};
  }
  task<> follow(context& ctx, events from, std::string name) {
    while (true) {
      auto next = co_await from.next(ctx);
      log.add(ctx, name + ": " + text(next));
      if (!next || !next->event) co_return {};
    }
  }

  /// What has been written down since the last time.
  std::vector<std::string> heard() {
    auto lines = log.lines();
    log.clear();
    return lines;
  }

  void publish(int first, int last) {
    for (int i = first; i <= last; ++i) stream->publish(i);
  }

  std::optional<event_stream<int>> stream{std::in_place};
};

TEST_F(EventStream, GivesEachSubscriberWhatIsPublishedExactlyOnceAndInOrder) {
  background one(time, follow(root, stream->subscribe(4), "one"));
  background two(time, follow(root, stream->subscribe(4), "two"));
  for (int i = 1; i <= 3; ++i) {
    time.run_until_idle();
    EXPECT_THAT(heard(), IsEmpty()) << "nothing has been published";
    stream->publish(i);
    EXPECT_THAT(heard(), IsEmpty()) << "who publishes runs no subscriber";
    time.run_until_idle();
    EXPECT_THAT(heard(), ::testing::UnorderedElementsAre("one: " + std::to_string(i), "two: " + std::to_string(i)));
  }
  publish(4, 7);
  stream.reset();
  time.run_until_idle();
  EXPECT_THAT(heard(), ::testing::UnorderedElementsAre("one: 4", "one: 5", "one: 6", "one: 7", "one: end",  //
                                                       "two: 4", "two: 5", "two: 6", "two: 7", "two: end"));
  EXPECT_TRUE(one.done() && two.done());
}

TEST_F(EventStream, TellsASubscriberThatFellBehindExactlyHowManyItLost) {
  events slow = stream->subscribe(3);
  events quick = stream->subscribe(100);
  publish(1, 3);
  EXPECT_EQ(text(slow.try_next()), "1");
  publish(4, 10);
  EXPECT_EQ(text(slow.try_next()), "lost 6, 8");
  publish(11, 11);
  EXPECT_EQ(text(slow.try_next()), "9");
  publish(12, 14);
  EXPECT_EQ(text(slow.try_next()), "lost 2, 12");
  EXPECT_EQ(text(slow.try_next()), "13");
  EXPECT_EQ(text(slow.try_next()), "14");
  EXPECT_EQ(text(slow.try_next()), "nothing");
  for (int i = 1; i <= 14; ++i) EXPECT_EQ(text(quick.try_next()), std::to_string(i)) << "the slow one is not its concern";
}

TEST_F(EventStream, KeepsTheLatestEventEvenWithoutACapacity) {
  events latest = stream->subscribe(0);
  publish(1, 5);
  EXPECT_EQ(text(latest.try_next()), "lost 4, 5");
}

TEST_F(EventStream, BeginsWithTheFirstEventAfterTheSubscription) {
  publish(1, 5);
  events late = stream->subscribe(2);
  publish(6, 6);
  EXPECT_EQ(text(late.try_next()), "6") << "what came before is not lost to it";
}

TEST_F(EventStream, MakesNoEventWhereNobodyListens) {
  int made = 0;
  const auto make = [&made] { return ++made; };
  stream->publish(make);
  EXPECT_EQ(made, 0);
  {
    events one = stream->subscribe(2);
    events two = stream->subscribe(2);
    stream->publish(make);
    EXPECT_EQ(made, 1) << "one for all";
    EXPECT_EQ(text(one.try_next()), "1");
    EXPECT_EQ(text(two.try_next()), "1");
  }
  stream->publish(make);
  EXPECT_EQ(made, 1);
}

TEST_F(EventStream, ASubscriptionLeavesWhileTheOthersStay) {
  std::vector<events> all;
  for (int i = 0; i < 3; ++i) all.push_back(stream->subscribe(4));
  publish(1, 1);
  all.erase(all.begin() + 1);
  publish(2, 2);
  all.erase(all.begin());
  publish(3, 3);
  EXPECT_EQ(text(all.front().try_next()), "1");
  EXPECT_EQ(text(all.front().try_next()), "2");
  EXPECT_EQ(text(all.front().try_next()), "3");
}

TEST_F(EventStream, OutlivedByASubscriptionGivesWhatIsLeftAndEnds) {
  events left = stream->subscribe(2);
  publish(1, 3);
  stream.reset();
  EXPECT_EQ(text(left.try_next()), "lost 1, 2");
  EXPECT_EQ(text(left.try_next()), "3");
  EXPECT_EQ(text(left.try_next()), "end");
  background again(time, follow(root, std::move(left), "left"));
  time.run_until_idle();
  EXPECT_THAT(heard(), ElementsAre("left: end")) << "the end stays";
}

TEST_F(EventStream, WithoutAStreamASubscriptionHasEnded) {
  events none;
  EXPECT_EQ(text(none.try_next()), "end");
  background waits(time, follow(root, std::move(none), "none"));
  time.run_until_idle();
  EXPECT_THAT(heard(), ElementsAre("none: end"));
}

TEST_F(EventStream, C5_AStopEndsTheWaitAndLosesNothing) {
  context inner(root);
  events kept = stream->subscribe(4);
  background waits(time, hear_one(inner, kept));
  time.run_until_idle();
  inner.stop(stop_reason::superseded);
  EXPECT_THAT(heard(), IsEmpty()) << "a stop runs nobody";
  time.run_until_idle();
  EXPECT_THAT(heard(), ElementsAre("stopped: superseded"));
  publish(1, 1);
  EXPECT_EQ(text(kept.try_next()), "1");
}

TEST_F(EventStream, AStoppedContextComesBeforeAnEvent) {
  context inner(root);
  events kept = stream->subscribe(4);
  publish(1, 2);
  inner.stop();
  background already(time, hear_one(inner, kept));
  time.run_until_idle();
  EXPECT_THAT(heard(), ElementsAre("stopped: requested"));
  EXPECT_EQ(text(kept.try_next()), "1") << "it stayed";
}

TEST_F(EventStream, AnEventAndAStopAtTheSameInstantEndOneWaitOnce) {
  for (const bool event_first : {true, false}) {
    context inner(root);
    events kept = stream->subscribe(4);
    background waits(time, hear_one(inner, kept));
    time.run_until_idle();
    if (event_first) publish(1, 1);
    inner.stop();
    if (!event_first) publish(1, 1);
    time.run_until_idle();
    EXPECT_THAT(heard(), ElementsAre("stopped: requested"));
    EXPECT_EQ(text(kept.try_next()), "1");
  }
}

TEST_F(EventStream, WakesAWaiterOnItsOwnScheduler) {
  virtual_scheduler elsewhere;
  root_context other(elsewhere);
  background waits(elsewhere, follow(other, stream->subscribe(4), "elsewhere"));
  elsewhere.run_until_idle();
  publish(1, 1);
  time.run_until_idle();
  EXPECT_THAT(heard(), IsEmpty());
  stream.reset();
  elsewhere.run_until_idle();
  EXPECT_THAT(heard(), ElementsAre("elsewhere: 1", "elsewhere: end"));
}

TEST_F(EventStream, AWaitGoesOnWhereItsSubscriptionIsMoved) {
  events first = stream->subscribe(4);
  background waits(time, [&]() -> task<> {
    auto next = co_await first.next(root);
    log.add(root, text(next));
    co_return {};
  });
  time.run_until_idle();
  events second = std::move(first);
  publish(1, 2);
  time.run_until_idle();
  EXPECT_THAT(heard(), ElementsAre("1"));
  EXPECT_EQ(text(second.try_next()), "2");
}

/// Cannot be copied when it is negative.
struct fragile {
  int value;
  explicit fragile(int given) noexcept : value(given) {}
  fragile(const fragile& other) : value(other.value) {
    if (value < 0) throw std::bad_alloc();
  }
  fragile(fragile&&) noexcept = default;
  fragile& operator=(const fragile&) = delete;
  fragile& operator=(fragile&&) = delete;
  ~fragile() = default;
};

TEST(EventStreamOfFragileEvents, R7_AnEventThatCannotBeCopiedOrMadeIsLostAloneAndCounted) {
  event_stream<fragile> stream;
  auto events = stream.subscribe(2);
  const auto before = contained_exceptions();
  stream.publish(fragile(1));
  stream.publish(fragile(2));
  stream.publish(fragile(-1));
  stream.publish([]() -> fragile { throw std::runtime_error("no event"); });
  const auto next = events.try_next();
  ASSERT_TRUE(next && next->event);
  EXPECT_EQ(next->event->value, 1) << "what cannot be copied takes nobody's place";
  EXPECT_EQ(next->lost, 0U);
  EXPECT_EQ(events.try_next()->event->value, 2);
  EXPECT_FALSE(events.try_next()) << "losses are told with what comes after them";
  stream.publish(fragile(3));
  const auto last = events.try_next();
  ASSERT_TRUE(last && last->event);
  EXPECT_EQ(last->lost, 2U);
  EXPECT_EQ(last->event->value, 3);
  EXPECT_EQ(contained_exceptions(), before + 2);
}

TEST(EventStreamOfFragileEvents, LossesAtTheVeryEndAreToldWithTheEnd) {
  auto stream = std::make_unique<event_stream<fragile>>();
  auto events = stream->subscribe(2);
  stream->publish(fragile(-1));
  stream.reset();
  const auto last = events.try_next();
  EXPECT_EQ(last->lost, 1U);
  EXPECT_FALSE(last->event);
  EXPECT_EQ(events.try_next()->lost, 0U) << "once";
}

/// Holds on to what it holds, also when it was moved from.
struct holder {
  const std::shared_ptr<const int> held;
};

TEST(EventStreamOfHolders, HoldsNoEventLongerThanItMust) {
  event_stream<holder> stream;
  const auto held = std::make_shared<const int>(1);
  {
    auto events = stream.subscribe(2);
    for (int i = 0; i < 5; ++i) stream.publish([&held] { return holder{held}; });
    EXPECT_EQ(held.use_count(), 3);
    (void)events.try_next();
    EXPECT_EQ(held.use_count(), 2) << "a taken event leaves nothing behind";
  }
  EXPECT_EQ(held.use_count(), 1);
}

constexpr int told = 37;

TEST(EventStreamDeathTest, PR11_ASubscriptionThatIsWaitedOnMayNotBeDestroyedOrWaitedOnAgain) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto misuse = [](bool destroy) {
    set_misuse_handler([]() noexcept { std::_Exit(told); });
    virtual_scheduler time;
    root_context root(time);
    event_stream<int> stream;
    auto events = std::make_unique<event_subscription<int>>(stream.subscribe(1));
    const auto wait = [&]() -> task<> {
      (void)co_await events->next(root);
      co_return {};
    };
    background one(time, wait);
    time.run_until_idle();
    if (destroy) events.reset();
    background two(time, wait);
    time.run_until_idle();
  };
  EXPECT_EXIT(misuse(true), ::testing::ExitedWithCode(told), "^steward: event subscription destroyed while somebody waits for its next event\n$");
  EXPECT_EXIT(misuse(false), ::testing::ExitedWithCode(told),
              "^steward: event subscription waited on by two at once: each needs a subscription of its own\n$");
}

}  // namespace
}  // namespace steward::test
