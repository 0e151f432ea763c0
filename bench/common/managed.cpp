// SPDX-License-Identifier: Apache-2.0
#include "common/managed.hpp"

#include "common/report.hpp"
#include "steward/manager.hpp"
#include "steward/sync_wait.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace steward::bench {

namespace {

using namespace std::chrono_literals;
using fleet = manager<int, int>;
using clock_type = std::chrono::steady_clock;

double since(clock_type::time_point begin) { return std::chrono::duration<double>(clock_type::now() - begin).count(); }

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

}  // namespace

managed run_managed(int count) {
  managed taken;
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

}  // namespace steward::bench
