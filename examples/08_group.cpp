// SPDX-License-Identifier: Apache-2.0
//
// A supervised group: three parts that make no sense without each other go down, and come up again, together.
#include "steward/leaf.hpp"
#include "steward/manager.hpp"
#include "steward/sync_wait.hpp"
#include "steward/wait.hpp"

#include <cstdio>
#include <string>

namespace {

using namespace std::chrono_literals;

/// A row's value: how long its part works before it breaks, once; zero: it does not.
struct part {
  std::chrono::milliseconds breaks_after{0};
  std::uint32_t place = 0;
};

using parts = steward::manager<std::string, part>;

}  // namespace

int main() {
  steward::memory_table<std::string, part> table;
  table.put("socket", part{.place = 1});
  table.put("session", part{.breaks_after = 5ms, .place = 2});
  table.put("heartbeat", part{.place = 3});

  bool broken = false;
  const auto make = [&broken](const std::string&, const part& what) -> steward::result<steward::runnable> {
    return steward::leaf([&broken, what](steward::context& ctx) -> steward::task<> {
      if (what.breaks_after == 0ms || std::exchange(broken, true)) {
        const steward::error why = co_await ctx.stopped();
        co_return why;
      }
      co_await steward::or_return(co_await ctx.sleep_for(what.breaks_after));
      co_return steward::error("session expired");
    });
  };

  steward::manager_options<std::string, part> options;
  options.group = [](const std::string&, const part& what) { return steward::group_place{"connection", what.place}; };
  options.groups = [](const std::string&) {
    steward::group_policy policy;
    policy.strategy = steward::group_strategy::rest_for_one;  // the socket, which comes before the session, stays
    policy.restart.budget = steward::restart_budget{.restarts = 5, .window = 1min, .then = steward::exhausted::give_up};
    return policy;
  };
  parts manager(table, make, options);

  const auto in_use = [&manager](steward::context& ctx) -> steward::task<> {
    while (manager.status("heartbeat")->incarnation < 2 || !manager.get("heartbeat")) co_await steward::or_return(co_await ctx.sleep_for(1ms));
    co_return {};
  };
  const auto outcome = steward::sync_wait([&](steward::context& ctx) { return manager.run(ctx, in_use); });
  for (const char* key : {"socket", "session", "heartbeat"})
    std::printf("%s was started %llu times\n", key, static_cast<unsigned long long>(manager.status(key)->incarnation));
  return outcome && manager.status("socket")->incarnation == 1 ? 0 : 1;
}

// It prints:
//   socket was started 1 times
//   session was started 2 times
//   heartbeat was started 2 times
