// SPDX-License-Identifier: Apache-2.0
//
// Processes and combinators: the whole life of one, many at once, and what a C++ programmer would pick instead. The peers have no states, no
// errors, no readiness but a flag, and nobody who lists them: they are a floor.
//
//   ./dev bench process -- --rounds 5     about a minute
#include "steward/process.hpp"

#include "common/report.hpp"
#include "steward/asio/scheduler.hpp"
#include "steward/chain.hpp"
#include "steward/leaf.hpp"
#include "steward/parallel.hpp"
#include "steward/sync_wait.hpp"
#include "steward/wait.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdio>
#include <deque>
#include <memory>
#include <semaphore>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace steward;
using bench::expect;
using bench::seconds;

runnable waiting_leaf() {
  return leaf([](context& ctx) -> task<> { co_return co_await ctx.stopped(); });
}

task<> lives(context& ctx, const runnable& what, int count) {
  for (int i = 0; i < count; ++i) {
    process one(ctx, what);
    auto started = co_await one.start(ctx);
    if (!started) co_return started;
    auto stopped = co_await one.stop(ctx);
    if (!stopped) co_return stopped;
  }
  co_return {};
}

double life_on_loop(const runnable& what) {
  constexpr int count = 200'000;
  const double taken = seconds([&] { expect(sync_wait([&](context& ctx) { return lives(ctx, what, count); }).has_value(), "every life succeeds"); });
  return taken * 1e9 / count;
}

double life_on_pool(const runnable& what) {
  constexpr int count = 100'000;
  boost::asio::thread_pool pool(2);
  double taken = 0;
  {
    asio_scheduler on(pool);
    root_context root(on);
    taken = seconds([&] { expect(sync_wait_on(on, [&] { return lives(root, what, count); }).has_value(), "every life succeeds"); });
  }
  pool.join();
  return taken * 1e9 / count;
}

double life_of_jthread() {
  constexpr int count = 2'000;
  return seconds([] {
           for (int i = 0; i < count; ++i) {
             std::binary_semaphore ready(0);
             std::jthread one([&ready](const std::stop_token& stop) {
               std::binary_semaphore stopped(0);
               const std::stop_callback wake(stop, [&stopped] { stopped.release(); });
               ready.release();
               stopped.acquire();
             });
             ready.acquire();
             one.request_stop();
           }
         }) *
         1e9 / count;
}

/// Something that happens once, as it is usually made of a timer. A cancelled one wakes only whoever waits already, so it remembers.
class timer_event {
 public:
  explicit timer_event(boost::asio::io_context& io) : timer_(io, boost::asio::steady_timer::time_point::max()) {}

  void happen() {
    happened_ = true;
    timer_.cancel();
  }
  boost::asio::awaitable<void> wait() {
    boost::system::error_code ignored;
    if (!happened_) co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }

 private:
  boost::asio::steady_timer timer_;
  bool happened_ = false;
};

double life_of_awaitable() {
  namespace asio = boost::asio;
  constexpr int count = 50'000;
  asio::io_context io(1);
  int ended = 0;
  const auto child = [](timer_event& ready, timer_event& stop) -> asio::awaitable<void> {
    ready.happen();
    co_await stop.wait();
  };
  const auto all = [&]() -> asio::awaitable<void> {
    for (int i = 0; i < count; ++i) {
      timer_event ready(io);
      timer_event stop(io);
      timer_event gone(io);
      asio::co_spawn(io, child(ready, stop), [&](const std::exception_ptr&) { ++ended, gone.happen(); });
      co_await ready.wait();
      stop.happen();
      co_await gone.wait();
    }
  };
  const double taken = seconds([&] {
    asio::co_spawn(io, all(), asio::detached);
    io.run();
  });
  expect(ended == count, "every awaitable has ended");
  return taken * 1e9 / count;
}

double of_stages(const runnable& whole, int stages) {
  constexpr int runs = 50;
  auto fails = [](context&) -> task<> { co_return errc::failed; };
  const auto body = [&](context& ctx) -> task<> {
    for (int i = 0; i < runs; ++i) {
      const auto outcome = co_await whole.run(ctx, fails);
      expect(!outcome && outcome.error().is(errc::failed), "the callback's error comes out");
    }
    co_return {};
  };
  return seconds([&] { expect(sync_wait(body).has_value(), "it ends"); }) * 1e9 / (runs * stages);
}

/// Many processes that run at the same time: how long they take to start and to stop, and what one of them takes of memory.
struct many_figures {
  double start = 0;
  double stop = 0;
  double bytes = 0;
};

many_figures many(int count, const runnable& what, std::string_view name) {
  many_figures taken;
  const auto body = [&](context& ctx) -> task<> {
    const double before = bench::resident_bytes();
    std::deque<process> all;
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < count; ++i) {
      process& one = all.emplace_back(ctx, what, name);
      auto started = co_await one.start(ctx);
      if (!started) co_return started;
    }
    const auto up = std::chrono::steady_clock::now();
    taken.bytes = (bench::resident_bytes() - before) / count;
    const auto stopping = std::chrono::steady_clock::now();
    for (process& one : all) {
      auto stopped = co_await one.stop(ctx);
      if (!stopped) co_return stopped;
    }
    const auto down = std::chrono::steady_clock::now();
    taken.start = std::chrono::duration<double>(up - begin).count();
    taken.stop = std::chrono::duration<double>(down - stopping).count();
    co_return {};
  };
  expect(sync_wait(body).has_value(), "all start and stop");
  return taken;
}

/// How long a stop of a million children keeps another thread from their parent.
double longest_hold() {
  constexpr int count = 1'000'000;
  double longest = 0;
  const auto body = [&](context& ctx) -> task<> {
    context parent(ctx);
    std::deque<process> all;
    for (int i = 0; i < count; ++i) (void)co_await all.emplace_back(parent, nop()).start(parent);
    std::binary_semaphore go(0);
    std::atomic<bool> over = false;
    std::thread other([&] {
      go.release();
      while (!over.load()) longest = std::max(longest, seconds([&] { const context child(parent); }));
    });
    go.acquire();
    parent.stop();
    over = true;
    other.join();
    for (process& one : all) (void)co_await one.done(ctx);
    co_return {};
  };
  expect(sync_wait(body).has_value(), "all stop");
  return longest * 1e3;
}

}  // namespace

int main(int argc, char** argv) {
  const bench::second_thread second;
  const std::string_view mode = argc > 1 ? argv[1] : "";
  constexpr int million = 1'000'000;
  if (mode == "memory_nop") return std::printf("%f\n", many(million, nop(), "worker").bytes), 0;
  if (mode == "memory_leaf") return std::printf("%f\n", many(million, waiting_leaf(), "worker").bytes), 0;
  if (mode == "million") {
    const many_figures taken = many(million, nop(), "");
    return std::printf("%f %f\n", taken.start, taken.stop), 0;
  }
  if (mode == "hold_million") return std::printf("%f\n", longest_hold()), 0;

  constexpr int stages = 1'000;
  const runnable leaf_process = waiting_leaf();
  const runnable chained = chain(std::vector<runnable>(stages, nop()));
  const runnable side_by_side = parallel(std::vector<runnable>(stages, nop()));
  bench::report out(bench::rounds_in(argc, argv, 5));
  out.take({
      {"process nop, run_loop", "ns", 150, [] { return life_on_loop(nop()); }},
      {"process leaf, run_loop", "ns", 300, [&] { return life_on_loop(leaf_process); }},
      {"process nop, pool of 2", "ns", 200, [] { return life_on_pool(nop()); }},
      {"process leaf, pool of 2", "ns", 600, [&] { return life_on_pool(leaf_process); }},
      {"std::jthread + stop_token", "ns", 0, life_of_jthread},
      {"asio::awaitable + co_spawn", "ns", 0, life_of_awaitable},
  });
  const double ours = out.median("process nop, run_loop");
  std::printf("a process costs 1/%.0f of a jthread and 1/%.0f of an awaitable\n", out.median("std::jthread + stop_token") / ours,
              out.median("asio::awaitable + co_spawn") / ours);
  out.take({
      {"chain of 1,000 nops, a stage", "ns", 60, [&] { return of_stages(chained, stages); }},
      {"parallel of 1,000 nops, a dependency", "ns", 150, [&] { return of_stages(side_by_side, stages); }},
  });
  bench::fresh_process nops("memory_nop");
  bench::fresh_process leaves("memory_leaf");
  bench::fresh_process all("million");
  bench::fresh_process held("hold_million");
  out.take({{"running nop process, resident", "bytes", 416, [&] { return nops.number(); }}});
  out.take({{"running leaf process, resident", "bytes", 864, [&] { return leaves.number(); }}});
  out.take({
      {"1,000,000 processes, start all", "s", 0.4, [&] { return all.number(0); }},
      {"1,000,000 processes, stop all", "s", 0.1, [&] { return all.number(1); }},
  });
  out.take({{"stop of 1,000,000: longest hold of the parent", "ms", 10, [&] { return held.number(); }}});
}
