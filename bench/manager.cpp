// SPDX-License-Identifier: Apache-2.0
//
// A manager over a table in memory, with a million rows.
//
//   ./dev bench manager -- --rounds 3     about a minute
#include "steward/manager.hpp"

#include "common/managed.hpp"
#include "common/report.hpp"
#include "steward/sync_wait.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <vector>

namespace {

using namespace steward;
using namespace std::chrono_literals;
using bench::expect;
using bench::seconds;
using fleet = manager<int, int>;
using clock_type = std::chrono::steady_clock;

double since(clock_type::time_point begin) { return std::chrono::duration<double>(clock_type::now() - begin).count(); }

// What a transition costs has no door of its own, so it is measured behind the wall: an explicit instantiation may name what is private.
template <class Tag, typename Tag::type Member>
struct opened {
  friend typename Tag::type inside(Tag /*which*/) { return Member; }
};
struct set_state {
  using type = void (fleet::*)(detail::manager_entry<int, int>&, row_state);
  friend type inside(set_state which);
};
struct entries {
  using type = detail::manager_entries<int, int> fleet::*;
  friend type inside(entries which);
};
template struct opened<set_state, &fleet::set_state>;
template struct opened<entries, &fleet::entries_>;

/// One change of state with all that is told and kept about it, the reading of the clock included, in nanoseconds: counts, what `status`, `snapshot`,
/// `explain` and `stragglers` look at, and events to so many subscribers that keep up.
double transition(std::size_t subscribers) {
  constexpr int rounds = 2'000;
  constexpr int in_a_round = 1'000;
  memory_table<int, int> rows;
  rows.put(1, 1);
  fleet kept(rows, [](const int&, const int&) -> result<runnable> { return nop(); });
  std::vector<event_subscription<manager_record<int>>> all;
  for (std::size_t i = 0; i < subscribers; ++i) all.push_back(kept.events());
  double taken = 0;
  const auto body = [&](context& ctx) -> task<> {
    auto callback = [&](context&) -> task<> {
      auto& entry = *(kept.*inside(entries())).find(1);
      const auto change = inside(set_state());
      for (int round = 0; round < rounds; ++round) {
        taken += seconds([&] {
          for (int i = 0; i < in_a_round; i += 2) {
            (kept.*change)(entry, row_state::starting);
            (kept.*change)(entry, row_state::running);
          }
        });
        for (auto& each : all)
          while (auto next = each.try_next()) expect(next->lost == 0, "the subscriber keeps up");
      }
      co_return {};
    };
    co_return co_await kept.run(ctx, callback);
  };
  expect(sync_wait(body).has_value(), "the manager ends");
  return taken * 1e9 / (rounds * in_a_round);
}

double clock_reading() {
  constexpr int readings = 1'000'000;
  clock_type::time_point last;
  const double taken = seconds([&] {
    for (int i = 0; i < readings; ++i) last = std::max(last, clock_type::now());
  });
  expect(last != clock_type::time_point(), "time goes on");
  return taken * 1e9 / readings;
}

/// What a lookup cannot go below where nothing is in the cache: two reads at random, one after the other, the first from as much memory as the index
/// takes, the second from as much as the entries do. A lookup counts a reference to a value that is shared, so one does not overlap the next.
double random_reads() {
  constexpr std::size_t index_bytes = std::size_t{16} << 20U;
  constexpr std::size_t entries_bytes = 320'000'000;
  constexpr int reads = 1'000'000;
  std::vector<std::size_t> index(index_bytes / sizeof(std::size_t), 1);
  std::size_t* const entries = static_cast<std::size_t*>(detail::allocate_pages(entries_bytes, 64));
  constexpr std::size_t count = entries_bytes / sizeof(std::size_t);
  std::fill_n(entries, count, 1);
  std::size_t random = 1;
  const double taken = seconds([&] {
    for (int i = 0; i < reads; ++i) {
      const std::size_t number = random * index[(random >> 20U) % index.size()];
      random = random * 6364136223846793005 + entries[(number >> 16U) % count];
    }
  });
  detail::free_pages(entries, entries_bytes, 64);
  expect(random != 0, "it has been read");
  return taken * 1e9 / reads;
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
  if (mode == "floor") return std::printf("%f\n", random_reads()), 0;
  if (mode == "edit") {
    const latency taken = edit_latency(million);
    return std::printf("%f %f\n", taken.median, taken.p99), 0;
  }
  if (mode == "run") {
    const bench::managed taken = bench::run_managed(million);
    return std::printf("%f %f %f %f %f %f %f\n", taken.ready, taken.bytes, taken.pass, taken.get, taken.get_beside, taken.get_crowd, taken.stop), 0;
  }
  bench::fresh_process whole("run");
  bench::fresh_process floor("floor");
  bench::fresh_process edited("edit");
  bench::report out(bench::rounds_in(argc, argv, 3));
  out.take({
      {"1,000,000 rows: run to all ready", "s", 0.8, [&] { return whole.number(0); }},
      {"a managed process, resident", "bytes", 768, [&] { return whole.number(1); }},
      {"a pass that finds nothing to do", "ms", 100, [&] { return whole.number(2); }},
      {"(two random reads, one after the other)", "ns", 0, [&] { return floor.number(); }},
      {"get of a random key, 1,000,000 rows", "ns", 0, [&] { return whole.number(3); }, "(two random reads, one after the other)", 1.3},
      {"get of a random key, 1,000,000 rows, two threads", "ns", 0, [&] { return whole.number(4); }},
      {"get of a random key, 1,000,000 rows, four threads", "ns", 0, [&] { return whole.number(5); }},
      {"1,000,000 processes, stop all", "s", 0.3, [&] { return whole.number(6); }},
      {"an edit at 1,000,000 rows is acted on after, p50", "us", 50'000, [&] { return edited.number(0); }},
      {"an edit at 1,000,000 rows is acted on after, p99", "us", 50'000, [&] { return edited.number(1); }},
  });
  latency restarted;
  out.take({
      {"get of a random key, 10,000 rows", "ns", 50, [] { return bench::run_managed(10'000).get; }},
      {"crash to restarted, p50", "us", 5, [&] { return (restarted = restart_latency()).median; }},
      {"crash to restarted, p99", "us", 0, [&] { return restarted.p99; }},
      {"(a reading of the clock)", "ns", 0, clock_reading},
      {"one transition, nobody listens", "ns", 50, [] { return transition(0); }},
      {"one transition, 1 subscriber", "ns", 50, [] { return transition(1); }},
      {"one transition, 4 subscribers", "ns", 0, [] { return transition(4); }},
  });
}
