// SPDX-License-Identifier: Apache-2.0
//
// A live edit: a new limit is handed to the process that runs; a new version replaces it without a gap.
#include "steward/manager.hpp"
#include "steward/runnable.hpp"
#include "steward/sync_wait.hpp"
#include "steward/wait.hpp"

#include <cstdio>
#include <string>

namespace {

using namespace std::chrono_literals;

struct service {
  int version = 1;
  int limit = 10;
};

}  // namespace

int main() {
  steward::memory_table<std::string, service> table;
  table.put("web", service{});

  steward::manager_options<std::string, service> options;
  options.edit = [](const std::string&, const service& was, const service& now) {
    return was.version == now.version ? steward::row_edit::reload : steward::row_edit::replace;
  };
  options.reload = [](steward::context&, const std::string& key, const std::shared_ptr<const service>& now) -> steward::task<> {
    std::printf("%s now has the limit %d\n", key.c_str(), now->limit);
    co_return {};
  };
  steward::manager<std::string, service> manager(
      table, [](const std::string&, const service&) { return steward::result<steward::runnable>(steward::nop()); }, options);

  const auto in_use = [&](steward::context& ctx) -> steward::task<> {
    table.put("web", service{.limit = 20});
    while ((*manager.get("web"))->limit != 20) co_await steward::or_return(co_await ctx.sleep_for(1ms));
    table.put("web", service{.version = 2, .limit = 20});
    while ((*manager.get("web"))->version != 2) co_await steward::or_return(co_await ctx.sleep_for(1ms));  // `get` never fails meanwhile
    std::printf("version 2 is incarnation %llu\n", static_cast<unsigned long long>(manager.status("web")->incarnation));
    co_return {};
  };
  const auto outcome = steward::sync_wait([&](steward::context& ctx) { return manager.run(ctx, in_use); });
  return outcome && manager.status("web")->incarnation == 2 ? 0 : 1;
}

// It prints:
//   web now has the limit 20
//   version 2 is incarnation 2
