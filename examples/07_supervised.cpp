// SPDX-License-Identifier: Apache-2.0
//
// One component of a chain that breaks and is started again, while the stages behind it go on.
#include "steward/chain.hpp"
#include "steward/leaf.hpp"
#include "steward/named.hpp"
#include "steward/supervised.hpp"
#include "steward/sync_wait.hpp"
#include "steward/wait.hpp"

#include <cstdio>
#include <string>

namespace {

using namespace std::chrono_literals;

/// A connection to somewhere that breaks after 5 ms. Each incarnation is a new one.
steward::result<steward::runnable> connect() {
  const auto follow = [](steward::context& ctx) -> steward::task<> {
    const auto asked = co_await ctx.sleep_for(5ms);
    if (!asked) co_return asked;
    co_return steward::error("connection reset");
  };
  return steward::named("feed", steward::leaf(follow));
}

void print(const steward::exit& ended, const steward::restart_decision& next) {
  const bool again = next.what == steward::verdict::restart;
  std::printf("feed: %s, %s%s\n", std::string(to_string(ended.reason)).c_str(), ended.cause ? ended.cause->to_string().c_str() : "no error",
              again ? "; starting it again" : "");
}

/// What uses the feed while there is one, and has something else to do while there is none.
steward::task<> serve(steward::context& ctx) {
  int served = 0;
  while (co_await ctx.sleep_for(1ms)) ++served;
  std::printf("served %s\n", served > 5 ? "through the restarts" : "little");
  co_return {};
}

/// The callback of the whole: it ends when it is stopped.
steward::task<> in_use(steward::context& ctx) {
  (void)co_await ctx.stopped();
  co_return {};
}

}  // namespace

int main() {
  steward::supervised_options how;
  how.policy.delays.initial = 2ms;
  how.policy.budget = steward::restart_budget{.restarts = 3, .window = 1min, .then = steward::exhausted::give_up};
  how.after = print;

  const auto app = steward::chain(steward::supervised(connect, how), steward::named("http", steward::leaf(serve)));
  const auto outcome = steward::sync_wait([&](steward::context& ctx) { return app.run(ctx, in_use); });

  // The fourth end is one too many: the stages behind are stopped, and the cause comes out.
  std::printf("-> %s\n", outcome ? "success" : outcome.error().to_string().c_str());
  return outcome ? 1 : 0;
}

// It prints, for example:
//   feed: failed, feed: connection reset; starting it again
//   feed: failed, feed: connection reset; starting it again
//   feed: failed, feed: connection reset; starting it again
//   feed: failed, feed: connection reset
//   served through the restarts
//   -> gave up after 3 restarts within 1m: feed: connection reset
