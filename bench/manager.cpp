// SPDX-License-Identifier: Apache-2.0
//
// A manager over a table in memory, with a million rows.
//
//   ./dev bench manager -- --rounds 3     about a minute
#include "steward/manager.hpp"

#include "common/report.hpp"
#include "steward/sync_wait.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace steward;
using namespace std::chrono_literals;
using bench::expect;
using bench::seconds;
using fleet = manager<int, int>;
using clock_type = std::chrono::steady_clock;

double since(clock_type::time_point begin) { return std::chrono::duration<double>(clock_type::now() - begin).count(); }

struct figures {
  double ready = 0;  // s
  double bytes = 0;
  double pass = 0;        // ms
  double get = 0;         // ns
  double get_beside = 0;  // ns, each of two threads
  double get_crowd = 0;   // ns, each of four
  double stop = 0;        // s
};

/// Looks up so many keys at random, on each of so many threads at the same time. Nanoseconds a lookup, as one thread sees it.
double lookups(const fleet& kept, int count, int threads) {
  constexpr int reads = 1'000'000;
  std::atomic<int> found = 0;
  const double taken = seconds([&] {
    std::vector<std::jthread> readers;
    for (int thread = 0; thread < threads; ++thread)
      readers.emplace_back([&, random = static_cast<unsigned>(thread + 1)]() mutable {
        int mine = 0;
        for (int i = 0; i < reads; ++i) {
          random = random * 1664525 + 1013904223;
          mine += kept.get(static_cast<int>((random >> 4U) % static_cast<unsigned>(count))).has_value() ? 1 : 0;
        }
        found += mine;
      });
  });
  expect(found == reads * threads, "every key runs");
  return taken * 1e9 / reads;
}

/// What a lookup cannot go below where nothing is in the cache: a read at random from as much memory as the entries take, each after the one before.
double random_read() {
  constexpr std::size_t bytes = 720'000'000;
  constexpr int reads = 1'000'000;
  std::vector<std::size_t> memory(bytes / sizeof(std::size_t), 1);
  std::size_t random = 1;
  const double taken = seconds([&] {
    for (int i = 0; i < reads; ++i) random = random * 6364136223846793005 + memory[(random >> 20U) % memory.size()];
  });
  expect(random != 0, "it has been read");
  return taken * 1e9 / reads;
}

/// Runs a manager over so many rows, from the first start to the last end.
figures run(int count) {
  figures taken;
  memory_table<int, int> rows;
  const auto value = std::make_shared<const int>(1);
  for (int i = 0; i < count; ++i) rows.put(i, value);
  manager_options<int, int> how;
  how.initial_wait = 60s;
  how.interval = 3600s;
  fleet kept(rows, [](const int&, const int&) -> result<runnable> { return nop(); }, how);
  const auto body = [&](context& ctx) -> task<> {
    const double before = bench::resident_bytes();
    const auto begin = clock_type::now();
    clock_type::time_point stopping;
    auto callback = [&](context& inside) -> task<> {
      taken.ready = since(begin);
      taken.bytes = (bench::resident_bytes() - before) / count;
      taken.get = lookups(kept, count, 1);
      taken.get_beside = lookups(kept, count, 2);
      taken.get_crowd = lookups(kept, count, 4);
      const auto looked = kept.passes();
      const auto looking = clock_type::now();
      kept.reconcile_now();
      while (kept.passes() == looked) co_await detail::yield();
      taken.pass = since(looking) * 1e3;
      expect(!inside.is_stopped(), "nothing has stopped");
      stopping = clock_type::now();
      co_return {};
    };
    auto outcome = co_await kept.run(ctx, callback);
    taken.stop = since(stopping);
    co_return outcome;
  };
  expect(sync_wait(body).has_value(), "the manager ends");
  return taken;
}

/// Half of them are at most the first, all but one in a hundred at most the second.
struct latency {
  double median = 0;
  double p99 = 0;
};

latency of(std::vector<double> all) {
  std::ranges::sort(all);
  return {all[all.size() / 2], all[all.size() * 99 / 100]};
}

/// From the end of a process to its next one being ready, in microseconds.
latency restart_latency() {
  constexpr int crashes = 2'000;
  std::vector<double> latencies;
  memory_table<int, int> rows;
  rows.put(1, 1);
  clock_type::time_point crashed;
  context* running = nullptr;
  manager_options<int, int> how;
  how.policy = [](const int&, const int&) { return restart_policy{.when = restart::always, .delays = {.initial = 0ns, .max = 0ns}}; };
  fleet kept(
      rows,
      [&](const int&, const int&) -> result<runnable> {
        return runnable([&](context& ctx, callback ready) -> task<> {
          if (running == nullptr && crashed != clock_type::time_point()) latencies.push_back(since(crashed) * 1e6);
          context handed(ctx);
          running = &handed;
          auto outcome = co_await ready(handed);
          running = nullptr;
          co_return outcome;
        });
      },
      how);
  const auto body = [&](context& ctx) -> task<> {
    auto callback = [&](context&) -> task<> {
      while (latencies.size() < crashes) {
        if (running != nullptr) {
          crashed = clock_type::now();
          running->stop();
        }
        co_await detail::yield();
      }
      co_return {};
    };
    co_return co_await kept.run(ctx, callback);
  };
  expect(sync_wait(body).has_value(), "the manager ends");
  return of(std::move(latencies));
}

/// From an edit of one of so many rows to its process running, in microseconds. The table has a watch, so no pass looks at the other rows.
latency edit_latency(int count) {
  constexpr int edits = 1'000;
  std::vector<double> latencies;
  memory_table<int, int> rows;
  const auto value = std::make_shared<const int>(0);
  for (int i = 0; i < count; ++i) rows.put(i, value);
  manager_options<int, int> how;
  how.initial_wait = 60s;
  how.interval = 3600s;
  int running = 0;
  fleet kept(
      rows,
      [&running](const int&, const int& edit) -> result<runnable> {
        if (edit == 0) return nop();
        return runnable([&running, edit](context& ctx, callback ready) -> task<> {
          running = edit;
          co_return co_await ready(ctx);
        });
      },
      how);
  const auto body = [&](context& ctx) -> task<> {
    auto callback = [&](context&) -> task<> {
      const auto looked = kept.passes();
      for (int edit = 1; edit <= edits; ++edit) {
        const auto begin = clock_type::now();
        rows.put(static_cast<int>(static_cast<std::int64_t>(edit) * 7'919 % count), edit);
        while (running != edit) co_await detail::yield();
        latencies.push_back(since(begin) * 1e6);
      }
      expect(kept.passes() == looked, "no pass was needed");
      co_return {};
    };
    co_return co_await kept.run(ctx, callback);
  };
  expect(sync_wait(body).has_value(), "the manager ends");
  return of(std::move(latencies));
}

}  // namespace

int main(int argc, char** argv) {
  const bench::second_thread second;
  const std::string_view mode = argc > 1 ? argv[1] : "";
  constexpr int million = 1'000'000;
  if (mode == "random_read") return std::printf("%f\n", random_read()), 0;
  if (mode == "edit") {
    const latency taken = edit_latency(million);
    return std::printf("%f %f\n", taken.median, taken.p99), 0;
  }
  if (mode == "run") {
    const figures taken = run(million);
    return std::printf("%f %f %f %f %f %f %f\n", taken.ready, taken.bytes, taken.pass, taken.get, taken.get_beside, taken.get_crowd, taken.stop), 0;
  }
  bench::fresh_process whole("run");
  bench::fresh_process floor("random_read");
  bench::fresh_process edited("edit");
  bench::report out(bench::rounds_in(argc, argv, 3));
  out.take({
      {"1,000,000 rows: run to all ready", "s", 0.8, [&] { return whole.number(0); }},
      {"a managed process, resident", "bytes", 768, [&] { return whole.number(1); }},
      {"a pass that finds nothing to do", "ms", 100, [&] { return whole.number(2); }},
      {"get of a random key, 1,000,000 rows", "ns", 150, [&] { return whole.number(3); }},
      {"get of a random key, 1,000,000 rows, two threads", "ns", 0, [&] { return whole.number(4); }},
      {"get of a random key, 1,000,000 rows, four threads", "ns", 0, [&] { return whole.number(5); }},
      {"1,000,000 processes, stop all", "s", 0.3, [&] { return whole.number(6); }},
      {"(a random read of as much memory)", "ns", 0, [&] { return floor.number(); }},
      {"an edit at 1,000,000 rows is acted on after, p50", "us", 50'000, [&] { return edited.number(0); }},
      {"an edit at 1,000,000 rows is acted on after, p99", "us", 50'000, [&] { return edited.number(1); }},
  });
  latency restarted;
  out.take({
      {"get of a random key, 10,000 rows", "ns", 50, [] { return run(10'000).get; }},
      {"crash to restarted, p50", "us", 5, [&] { return (restarted = restart_latency()).median; }},
      {"crash to restarted, p99", "us", 0, [&] { return restarted.p99; }},
  });
}
