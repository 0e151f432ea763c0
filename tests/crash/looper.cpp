// SPDX-License-Identifier: Apache-2.0
#include "looper.hpp"

#include "steward/chain.hpp"
#include "steward/manager.hpp"
#include "steward/or_return.hpp"
#include "steward/sqlite/sqlite_state_store.hpp"
#include "steward/start_stop.hpp"
#include "steward/sync_wait.hpp"
#include "steward/wait.hpp"
#include "victim.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace steward::test {
namespace {

using namespace std::chrono_literals;

using units = manager<std::string, std::string>;

restart_policy budgeted() {
  restart_policy policy;
  policy.delays = {.initial = 1ms, .max = 2ms, .factor = 1, .jitter = 0, .reset_after = 1h};
  policy.budget = restart_budget{.restarts = std::uint32_t{allowed_restarts}, .window = 1h, .then = exhausted::give_up};
  return policy;
}

result<runnable> make(const std::string& key, const std::string&) {
  return runnable([key](context& ctx, callback ready) -> task<> {
    say(key);
    if (key == "second") co_return co_await ready(ctx);
    const auto slept = co_await ctx.sleep_for(1ms);
    if (!slept) co_return slept;
    co_return error("crash");
  });
}

units::options_type options(state_store<std::string>& memory) {
  units::options_type how;
  how.initial_wait = {};
  how.store = &memory;
  how.policy = [](const std::string& key, const std::string&) {
    restart_policy policy = budgeted();
    if (key != "alone") policy.budget.reset();
    return policy;
  };
  how.group = [](const std::string& key, const std::string&) { return key == "alone" ? std::nullopt : std::optional(group_place{"pair", 0}); };
  how.groups = [](const std::string&) {
    group_policy of;
    of.strategy = group_strategy::one_for_all;
    of.restart = budgeted();
    return of;
  };
  return how;
}

task<> wait_until_given_up(context& ctx, const units& kept, const std::string& key) {
  while (true) {
    const auto known = kept.status(key);
    if (known && known->state == row_state::gave_up) break;
    const auto slept = co_await ctx.sleep_for(1ms);
    if (!slept) co_return slept;
  }
  co_return {};
}

}  // namespace

int crash_loop_until_killed(const std::filesystem::path& file) {
  sqlite_database database(file);
  const auto open_close = start_stop([&](context& ctx) { return database.open(ctx); }, [&](context& ctx) { return database.close(ctx); });
  sqlite_state_store<std::string> memory(database);
  memory_table<std::string, std::string> table;
  for (const char* key : {"alone", "first", "second"}) table.put(key, std::string());
  units kept(table, make, options(memory));
  const auto whole = chain(open_close, std::ref(memory), std::ref(kept));
  const auto for_ever = [&kept, &memory](context& ctx) -> task<> {
    say("open");
    const std::string keys[] = {"alone", "first"};
    for (const std::string& key : keys) co_await or_return(wait_until_given_up(ctx, kept, key));
    co_await or_return(memory.flush(ctx));
    say("gave_up");
    co_await ctx.stopped();
    co_return {};
  };
  const auto ended = sync_wait([&](context& ctx) { return whole.run(ctx, for_ever); });
  if (!ended) say("failed: " + ended.error().to_string());
  return 1;
}

}  // namespace steward::test
