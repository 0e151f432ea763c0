// SPDX-License-Identifier: Apache-2.0
//
// What it costs to tell an event. The goal holds for each transition of a managed process, whoever listens.
#include "common/report.hpp"
#include "steward/detail/beside.hpp"
#include "steward/detail/yield.hpp"
#include "steward/event_stream.hpp"
#include "steward/sync_wait.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace {

using namespace steward;
using bench::expect;
using bench::seconds;

/// As large as an event of a manager: a key, two states, an error, an instant.
struct transition {
  std::uint64_t key = 0;
  unsigned char from = 0;
  unsigned char to = 0;
  std::shared_ptr<const int> value = nullptr;
  instant at{};
};

/// Nobody takes: each ring is full, and every event replaces the oldest.
double publish(std::size_t subscribers) {
  constexpr std::uint64_t count = 2'000'000;
  event_stream<transition> stream;
  std::vector<event_subscription<transition>> all;
  for (std::size_t i = 0; i < subscribers; ++i) all.push_back(stream.subscribe(1024));
  std::uint64_t made = 0;
  const double taken = seconds([&] {
    for (std::uint64_t i = 0; i < count; ++i) stream.publish([&] { return transition{.key = ++made}; });
  });
  expect(made == (subscribers > 0 ? count : 0), "an event is made where somebody listens, and only there");
  for (auto& each : all) expect(each.try_next()->lost == count - 1024, "each was told of all");
  return taken * 1e9 / static_cast<double>(count);
}

task<> follow(context& ctx, event_subscription<transition>& events, std::uint64_t& followed) {
  while (true) {
    auto next = co_await events.next(ctx);
    if (!next) co_return std::move(next.error());
    if (!next->event) co_return {};
    expect(next->lost == 0 && next->event->key == followed++, "it keeps up");
  }
}

/// One subscriber that waits for each event: it is woken, runs on the same loop, and waits again.
double publish_to_one_that_waits() {
  constexpr std::uint64_t count = 200'000;
  std::uint64_t followed = 0;
  const auto body = [&](context& ctx) -> task<> {
    auto stream = std::make_unique<event_stream<transition>>();
    auto events = stream->subscribe(1024);
    detail::beside following(ctx.scheduler());
    following.start(follow(ctx, events, followed));
    for (std::uint64_t i = 0; i < count; ++i) {
      co_await detail::yield();
      stream->publish([i] { return transition{.key = i}; });
    }
    stream.reset();
    co_return co_await following.join();
  };
  const double taken = seconds([&] { expect(sync_wait(body).has_value(), "it ends"); });
  expect(followed == count, "every event has come");
  return taken * 1e9 / static_cast<double>(count);
}

}  // namespace

int main(int argc, char** argv) {
  const bench::second_thread second;
  bench::report out(bench::rounds_in(argc, argv, 5));
  out.take({
      {"publish, nobody listens", "ns", 5, [] { return publish(0); }},
      {"publish, 1 subscriber", "ns", 50, [] { return publish(1); }},
      {"publish, 4 subscribers", "ns", 0, [] { return publish(4); }},
      {"publish, wake, take and wait again", "ns", 0, publish_to_one_that_waits},
  });
}
