// SPDX-License-Identifier: Apache-2.0
//
// Streams of events with publishers and subscribers on threads of their own, some of whom come and go.
#include "steward/asio/scheduler.hpp"
#include "steward/deadline_context.hpp"
#include "steward/event_stream.hpp"
#include "steward/root_context.hpp"
#include "steward/sync_wait.hpp"
#include "support.hpp"

#include <boost/asio/thread_pool.hpp>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace steward::test {
namespace {

constexpr std::uint64_t events_of_a_publisher = 300;

struct told_event {
  std::size_t publisher = 0;
  std::uint64_t number = 0;  // of the publisher's events, from 1
};

using stream_of_events = event_stream<told_event>;
using subscription = event_subscription<told_event>;
using given_event = next_event<told_event>;

/// What one subscriber has seen.
class listener {
 public:
  listener(subscription from, std::size_t publishers) : from_(std::move(from)), publishers_(publishers) {}

  /// Until the end, with waits that are now and then stopped.
  task<> follow(context& root, std::minstd_rand random) {
    while (true) {
      deadline_context mine(root, pick(random, 3) == 0 ? pick(random, 30) * 1us : 1h);
      auto next = co_await from_.next(mine);
      if (!next) continue;
      if (!look_at(*next)) co_return {};
    }
  }

  /// False: it was the end.
  bool look_at(const given_event& next) {
    seen_ += next.lost;
    if (!next.event) return false;
    ++seen_;
    std::uint64_t& last = last_.at(next.event->publisher);
    EXPECT_GT(next.event->number, last) << "twice, or out of order";
    if (publishers_ == 1 && last > 0) {
      EXPECT_EQ(next.event->number, last + next.lost + 1) << "as many are missing as it was told";
    }
    last = next.event->number;
    return true;
  }

  [[nodiscard]] subscription& from() noexcept { return from_; }
  [[nodiscard]] std::uint64_t seen() const noexcept { return seen_; }

 private:
  subscription from_;
  std::size_t publishers_;
  std::array<std::uint64_t, 2> last_{};
  std::uint64_t seen_ = 0;  // given or told as lost
};

class event_stress {
 public:
  event_stress() : leader_(seeds_.next()) {}

  void run() {
    const auto end = std::chrono::steady_clock::now() + time_of_a_case();
    std::uint64_t rounds = 0;
    while (std::chrono::steady_clock::now() < end && !::testing::Test::HasFailure()) {
      dog_.progress();
      round();
      ++rounds;
    }
    std::cout << rounds << " streams\n";
  }

 private:
  void round() {
    auto stream = std::make_unique<stream_of_events>();
    const std::size_t publishers = pick(leader_, 2) == 0 ? 1 : 2;
    std::vector<std::unique_ptr<listener>> listeners;
    for (const std::size_t capacity : {std::size_t{1}, std::size_t{16}, std::size_t{2 * events_of_a_publisher}})
      listeners.push_back(std::make_unique<listener>(stream->subscribe(capacity), publishers));
    std::vector<std::jthread> following;
    for (auto& each : listeners)
      following.emplace_back([this, &each, random = seeds_.next()] {
        const auto outcome = sync_wait_on(on_, [&] { return each->follow(root_, random); });
        EXPECT_TRUE(outcome.has_value());
      });
    {
      std::vector<std::jthread> busy;
      for (std::size_t i = 0; i < publishers; ++i) busy.emplace_back([&stream, i, random = seeds_.next()] { publish(*stream, i, random); });
      busy.emplace_back([&stream, publishers, random = seeds_.next()] { come_and_go(*stream, publishers, random); });
    }
    stream.reset();
    following.clear();
    for (const auto& each : listeners) EXPECT_EQ(each->seen(), publishers * events_of_a_publisher) << "given or told as lost, each exactly once";
  }

  static void publish(stream_of_events& to, std::size_t who, std::minstd_rand random) {
    for (std::uint64_t number = 1; number <= events_of_a_publisher; ++number) {
      if (pick(random, 2) == 0)
        to.publish(told_event{who, number});
      else
        to.publish([who, number] { return told_event{who, number}; });
      if (pick(random, 20) == 0) std::this_thread::yield();
    }
  }

  static void come_and_go(stream_of_events& stream, std::size_t publishers, std::minstd_rand random) {
    for (int i = 0; i < 30; ++i) {
      listener passing(stream.subscribe(static_cast<std::size_t>(pick(random, 4))), publishers);
      for (int looks = pick(random, 10); looks > 0; --looks) {
        const auto next = passing.from().try_next();
        EXPECT_TRUE(!next || passing.look_at(*next)) << "the stream goes on";
      }
    }
  }

  seeds seeds_;
  std::minstd_rand leader_;
  watchdog dog_;
  boost::asio::thread_pool pool_{2};
  asio_scheduler on_{pool_};
  root_context root_{on_};
};

TEST(Stress, EventsReachEverySubscriberOnceOrAreCountedWhoeverComesAndGoes) { event_stress().run(); }

}  // namespace
}  // namespace steward::test
