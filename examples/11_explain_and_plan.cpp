// SPDX-License-Identifier: Apache-2.0
//
// Why is it not running, and what would happen if the table were another?
#include "steward/manager.hpp"
#include "steward/runnable.hpp"
#include "steward/sync_wait.hpp"
#include "steward/wait.hpp"

#include <cstdio>
#include <string>
#include <vector>

namespace {

using needs = std::vector<std::string>;

}  // namespace

int main() {
  steward::memory_table<std::string, needs> table;
  table.put("web", needs{"database"});
  table.put("mail", needs{});

  steward::manager_options<std::string, needs> options;
  options.after = [](const std::string&, const needs& keys) { return keys; };
  steward::manager<std::string, needs> manager(
      table, [](const std::string&, const needs&) { return steward::result<steward::runnable>(steward::nop()); }, options);

  std::size_t lines = 0;
  const auto in_use = [&](steward::context& ctx) -> steward::task<> {
    const auto told = manager.explain("web");
    std::printf("web is %s: %s, for %s\n", std::string(to_string(told->state)).c_str(), std::string(to_string(told->why)).c_str(),
                told->waiting_for.front().c_str());

    steward::memory_table<std::string, needs> other;
    other.put("web", needs{"database"});
    other.put("database", needs{});
    auto planning = manager.plan(ctx, other);
    const auto plan = co_await std::move(planning);
    if (!plan) co_return plan.error();
    for (const auto& each : *plan) std::printf("would %s %s\n", std::string(to_string(each.action)).c_str(), each.key.c_str());
    lines = plan->size();
    co_return {};
  };
  const auto outcome = steward::sync_wait([&](steward::context& ctx) { return manager.run(ctx, in_use); });
  return outcome && lines == 3 ? 0 : 1;  // stop mail, start database, start web
}

// It prints:
//   web is waiting: waits_for_others, for database
//   would stop mail
//   would start database
//   would start web
