// SPDX-License-Identifier: Apache-2.0
//
// A dependency graph: what requires the database starts after it, stops before it, and comes back after it when it was lost.
#include "steward/manager.hpp"
#include "steward/runnable.hpp"
#include "steward/sync_wait.hpp"
#include "steward/wait.hpp"

#include <cstdio>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;

/// A row's value: the keys that this one requires.
using needs = std::vector<std::string>;

void print(const steward::manager_event<std::string>& what) {
  if (what.key == nullptr || what.problem != nullptr) return;
  const std::string because = what.because_of != nullptr ? ", because of " + *what.because_of : "";
  std::printf("%s is %s%s\n", what.key->c_str(), std::string(to_string(what.state)).c_str(), because.c_str());
}

}  // namespace

int main() {
  steward::memory_table<std::string, needs> table;
  table.put("web", needs{"api"});
  table.put("api", needs{"database"});
  table.put("database", needs{});

  steward::manager_options<std::string, needs> options;
  options.on_event = print;
  options.requirements = [](const std::string&, const needs& keys) {
    std::vector<steward::requirement<std::string>> all;
    for (const std::string& key : keys) all.push_back({key, steward::on_loss::restart});
    return all;
  };
  steward::manager<std::string, needs> manager(
      table, [](const std::string&, const needs&) { return steward::result<steward::runnable>(steward::nop()); }, options);

  const auto in_use = [&](steward::context& ctx) -> steward::task<> {
    while (!manager.get("web")) co_await steward::or_return(co_await ctx.sleep_for(1ms));
    table.set_wanted("database", steward::wanted::down);  // web first, then api, then the database
    while (manager.status("database")->state != steward::row_state::stopped) co_await steward::or_return(co_await ctx.sleep_for(1ms));
    table.set_wanted("database", steward::wanted::up);
    while (!manager.get("web")) co_await steward::or_return(co_await ctx.sleep_for(1ms));
    co_return {};
  };
  const auto outcome = steward::sync_wait([&](steward::context& ctx) { return manager.run(ctx, in_use); });
  return outcome ? 0 : 1;
}

// It prints, for example:
//   api is waiting
//   database is starting
//   web is waiting
//   database is running
//   api is starting
//   api is running
//   web is starting
//   web is running
//   database is stopping
//   api is stopping, because of database
//   web is stopping, because of api
//   web is stopped, because of api
//   web is waiting, because of api
//   api is stopped, because of database
//   api is waiting, because of database
//   database is stopped
//   database is starting
//   database is running
//   api is starting, because of database
//   api is running
//   web is starting, because of api
//   web is running
//   web is stopping
//   api is stopping
//   web is stopped
//   database is stopping
//   api is stopped
//   database is stopped
