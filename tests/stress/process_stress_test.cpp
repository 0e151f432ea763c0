// SPDX-License-Identifier: Apache-2.0
//
// One process after the other, on a pool of threads, with plain threads that do whatever may be done to it at the same time (PR9).
#include "steward/asio/scheduler.hpp"
#include "steward/deadline_context.hpp"
#include "steward/detail/beside.hpp"
#include "steward/process.hpp"
#include "steward/root_context.hpp"
#include "steward/stop_callback.hpp"
#include "steward/sync_wait.hpp"
#include "steward/wait.hpp"
#include "support.hpp"

#include <boost/asio/thread_pool.hpp>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <barrier>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <vector>

namespace steward::test {
namespace {

constexpr int actors = 4;

/// What one process does, and what was seen of it.
struct round_facts {
  int ready_after = 0;    // µs
  int lost_after = 0;     // µs; zero: never
  int winds_down_in = 0;  // µs
  bool fails = false;
  bool never_ready = false;

  std::atomic<int> runs{0};
  std::atomic<int> ends{0};
  std::atomic<int> callbacks_returned{0};
  std::atomic<int> starts{0};  // that have succeeded
  std::atomic<int> stops{0};
};

// After so many µs; zero is never.
task<> lose(context& handed, int after) {
  if (after == 0) co_return {};
  (void)co_await handed.sleep_for(after * 1us);
  handed.stop(stop_reason::dependency_lost);
  co_return {};
}

task<> live(round_facts& facts, context& ctx, callback ready) {
  if (facts.ready_after > 0) co_await or_return(co_await ctx.sleep_for(facts.ready_after * 1us));
  if (facts.never_ready) co_return {};
  context handed(ctx);
  detail::beside losing(ctx.scheduler());
  losing.start(lose(handed, facts.lost_after));
  auto outcome = co_await ready(handed);
  ++facts.callbacks_returned;
  handed.stop();
  (void)co_await losing.join();
  if (facts.winds_down_in > 0) (void)co_await ctx.sleep_for(facts.winds_down_in * 1us);
  if (facts.fails) co_return error("broke");
  co_return outcome;
}

class process_stress {
 public:
  process_stress() : leader_(seeds_.next()) {
    for (auto& each : random_) each = seeds_.next();
  }

  void run() {
    const auto end = std::chrono::steady_clock::now() + time_of_a_case();
    set_up();
    std::barrier together(actors, [this, end]() noexcept {
      if (acting_) {
        wind_up();
        over_ = std::chrono::steady_clock::now() >= end;
        if (!over_) set_up();
      }
      acting_ = !acting_;
    });
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < actors; ++i)
        threads.emplace_back([this, i, &together] {
          while (true) {
            together.arrive_and_wait();  // a process is there
            if (over_) return;
            act(random_.at(static_cast<std::size_t>(i)));
            together.arrive_and_wait();  // all have done what they wanted
            if (over_) return;
          }
        });
    }
    std::cout << rounds_ << " processes\n";
  }

 private:
  void set_up() {
    facts_ = std::make_unique<round_facts>();
    facts_->ready_after = pick(leader_, 3) * 20;
    facts_->lost_after = pick(leader_, 3) == 0 ? 1 + pick(leader_, 60) : 0;
    facts_->winds_down_in = pick(leader_, 3) * 20;
    facts_->fails = pick(leader_, 4) == 0;
    facts_->never_ready = pick(leader_, 8) == 0;
    parent_ = std::make_unique<context>(root_);
    round_facts& facts = *facts_;
    const auto run = [&facts](context& ctx, callback ready) -> task<> {
      ++facts.runs;
      auto outcome = co_await live(facts, ctx, ready);
      ++facts.ends;
      co_return outcome;
    };
    process_ = std::make_unique<process>(*parent_, run, "web");
    ++rounds_;
  }

  void act(std::minstd_rand& random) {
    for (int i = 0; i < 3; ++i) {
      switch (pick(random, 9)) {
        case 0:
        case 1:
        case 2:
          start(pick(random, 4) * 20);
          break;
        case 3:
        case 4:
          stop(pick(random, 4) * 20);
          break;
        case 5:
          wait_for_done(pick(random, 50));
          break;
        case 6:
          ask(random);
          break;
        case 7:
          look();
          break;
        default:
          if (pick(random, 4) == 0) parent_->stop(stop_reason::shutdown);
          break;
      }
    }
  }

  // Each under a context of its own, with some patience; zero is as long as it takes.
  void start(int patience) {
    const auto outcome = sync_wait_on(on_, [this, patience] { return start_within(patience); });
    if (outcome) ++facts_->starts;
  }
  task<> start_within(int patience) {
    if (patience == 0) co_return co_await process_->start(root_);
    deadline_context mine(root_, patience * 1us);
    co_return co_await process_->start(mine);
  }
  void stop(int patience) {
    const auto outcome = sync_wait_on(on_, [this, patience] { return stop_within(patience); });
    if (outcome || outcome.error().to_string().starts_with("run: ")) {
      ++facts_->stops;
      EXPECT_TRUE(process_->is_done());
    }
    if (!outcome && outcome.error().is(errc::invalid_state)) {
      EXPECT_EQ(process_->state(), process_state::stopped);
    }
  }
  task<> stop_within(int patience) {
    if (patience == 0) co_return co_await process_->stop(root_);
    deadline_context mine(root_, patience * 1us);
    co_return co_await process_->stop(mine);
  }
  void wait_for_done(int patience) {
    const bool gone = sync_wait_on(on_, [this, patience] { return done_within(patience); }).has_value();
    if (gone) {
      EXPECT_TRUE(process_->is_done());
    }
  }
  task<> done_within(int patience) {
    deadline_context mine(root_, patience * 1us);
    co_return co_await process_->done(mine);
  }
  void ask(std::minstd_rand& random) {
    switch (pick(random, 3)) {
      case 0:
        return process_->request_stop();
      case 1:
        return process_->request_stop(error("enough"));
      default:
        return process_->force();
    }
  }
  void look() {
    const bool done = process_->is_done();
    const auto state = process_->state();
    if (done) {
      EXPECT_EQ(state, process_state::stopped);
    }
    if (process_->err()) {
      EXPECT_TRUE(process_->is_done());
    }
    (void)process_->ending();
    (void)process_->was_forced();
  }

  // The last to arrive does this, alone.
  void wind_up() {
    dog_.progress();
    if (process_->state() == process_state::initial) {
      stop(0);
    } else {
      if (pick(leader_, 2) == 0)
        process_->request_stop();
      else
        parent_->stop();
      (void)sync_wait_on(on_, [this]() -> task<> { co_return co_await process_->done(root_); });
    }
    EXPECT_EQ(process_->state(), process_state::stopped);
    EXPECT_TRUE(process_->is_done());
    EXPECT_LE(facts_->runs, 1);
    EXPECT_EQ(facts_->runs, facts_->ends);
    EXPECT_LE(facts_->callbacks_returned, 1);
    EXPECT_LE(facts_->starts, 1);
    EXPECT_LE(facts_->starts, facts_->callbacks_returned) << "a start succeeded for what was never ready";
    EXPECT_LE(facts_->stops, 1) << "two stops did the work";
    process_.reset();
    parent_.reset();
  }

  seeds seeds_;
  std::minstd_rand leader_;
  std::array<std::minstd_rand, actors> random_;
  watchdog dog_;
  boost::asio::thread_pool pool_{4};
  asio_scheduler on_{pool_};
  root_context root_{on_};
  std::unique_ptr<round_facts> facts_;
  std::unique_ptr<context> parent_;
  std::unique_ptr<process> process_;
  int rounds_ = 0;
  bool acting_ = false;
  std::atomic<bool> over_{false};
};

TEST(Stress, PR9_AnythingMayBeDoneToAProcessFromAnyThreadAtAnyTime) { process_stress().run(); }

TEST(Stress, C4_StopsCallbacksChildrenAndWaitsOnManyThreads) {
  seeds all_seeds;
  watchdog dog;
  boost::asio::thread_pool pool(2);
  asio_scheduler on(pool);
  root_context root(on);
  const auto end = std::chrono::steady_clock::now() + time_of_a_case();
  auto leader = all_seeds.next();
  std::uint64_t rounds = 0;
  while (std::chrono::steady_clock::now() < end && !::testing::Test::HasFailure()) {
    dog.progress();
    ++rounds;
    context shared(root);
    std::atomic<int> began{0};
    std::atomic<int> stopped_it{0};
    std::vector<std::jthread> threads;
    const auto look = [&](std::minstd_rand random) {
      ++began;
      for (int i = 0; i < 20; ++i) {
        context inner(shared);
        std::atomic<int> calls{0};
        {
          const stop_callback told(pick(random, 2) == 0 ? inner : shared, [&calls] { ++calls; });
          if (pick(random, 8) == 0) inner.stop();
          if (pick(random, 40) == 0 && shared.stop(stop_reason::shutdown)) ++stopped_it;
          if (pick(random, 6) == 0) (void)sync_wait_on(on, [&inner]() -> task<> { co_return co_await inner.sleep_for(10us); });
        }
        const int after = calls;
        if (shared.is_stopped()) {
          // A stop that is under way on another thread may not have come to the child; to stop it waits for that.
          EXPECT_FALSE(inner.stop());
          EXPECT_TRUE(inner.is_stopped());
        }
        EXPECT_LE(after, 1);
        EXPECT_EQ(calls, after) << "called after its deregistration";
      }
    };
    for (int i = 0; i < 3; ++i) threads.emplace_back(look, all_seeds.next());
    if (pick(leader, 2) == 0) {
      while (began == 0) std::this_thread::yield();
      if (shared.stop()) ++stopped_it;
    }
    threads.clear();
    EXPECT_LE(stopped_it, 1);
    EXPECT_EQ(shared.is_stopped(), stopped_it == 1);
  }
  std::cout << rounds << " rounds\n";
}

}  // namespace
}  // namespace steward::test
