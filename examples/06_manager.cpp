// SPDX-License-Identifier: Apache-2.0
//
// A manager keeps running what a table lists: it restarts what breaks, starts what is added, and stops what is deleted.
#include "steward/leaf.hpp"
#include "steward/manager.hpp"
#include "steward/memory_table.hpp"
#include "steward/sync_wait.hpp"
#include "steward/wait.hpp"

#include <cstdio>
#include <string>

namespace {

using namespace std::chrono_literals;

/// A row's value: what to run. Here, how often a feed is fetched, and whether its first fetch fails.
struct feed {
  std::chrono::milliseconds every{1};
  bool flaky = false;
};

using feeds = steward::manager<std::string, feed>;

/// What runs for one row.
steward::result<steward::runnable> fetcher(const std::string& key, const feed& what) {
  const auto fetch = [key, what, first = what.flaky](steward::context& ctx) mutable -> steward::task<> {
    while (co_await ctx.sleep_for(what.every))
      if (std::exchange(first, false)) co_return steward::error("connection reset");
    co_return {};
  };
  return steward::leaf(fetch);
}

void print(const steward::manager_event<std::string>& what) {
  if (what.key == nullptr || what.problem != nullptr) return;
  std::printf("%s #%llu is %s\n", what.key->c_str(), static_cast<unsigned long long>(what.incarnation), std::string(to_string(what.state)).c_str());
}

}  // namespace

int main() {
  steward::memory_table<std::string, feed> table;
  table.put("news", feed{});
  table.put("weather", feed{.flaky = true});

  steward::manager_options<std::string, feed> options;
  options.on_event = print;
  feeds manager(table, fetcher, options);

  const auto in_use = [&](steward::context& ctx) -> steward::task<> {
    table.put("sport", feed{});
    table.erase("news");
    manager.reconcile_now();  // or wait for the next pass
    // Until the edits have been carried out and the weather has been restarted.
    for (;;) {
      const auto weather = manager.status("weather");
      if (manager.get("sport") && !manager.get("news") && weather && weather->restarts > 0) co_return {};
      co_await steward::or_return(co_await ctx.sleep_for(1ms));
    }
  };

  // A manager is a runnable: in a program it is a stage of the chain that makes up `main`.
  const auto outcome = steward::sync_wait([&](steward::context& ctx) { return manager.run(ctx, in_use); });
  return outcome ? 0 : 1;
}

// It prints, for example:
//   news #0 is starting
//   weather #0 is starting
//   news #1 is running
//   weather #1 is running
//   sport #0 is starting
//   news #1 is stopping
//   news #1 is stopped
//   sport #1 is running
//   weather #1 is backoff
//   weather #1 is starting
//   weather #2 is running
//   weather #2 is stopping
//   sport #1 is stopping
//   weather #2 is stopped
//   sport #1 is stopped
