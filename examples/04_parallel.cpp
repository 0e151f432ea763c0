// SPDX-License-Identifier: Apache-2.0
//
// Components side by side: all start at once, and when one is lost, or the work is done, all are asked to stop. And what happens when one hangs.
#include "steward/deadlines.hpp"
#include "steward/leaf.hpp"
#include "steward/named.hpp"
#include "steward/parallel.hpp"
#include "steward/sync_wait.hpp"
#include "steward/wait.hpp"

#include <cstdio>
#include <string>

namespace {

using namespace std::chrono_literals;

/// Works until it is asked to stop, or for a while.
steward::runnable worker(const std::string& name, std::chrono::milliseconds lasts) {
  const auto work = [name, lasts](steward::context& ctx) -> steward::task<> {
    std::printf("%s works\n", name.c_str());
    const auto all_of_it = co_await ctx.sleep_for(lasts);
    std::printf("%s %s\n", name.c_str(), all_of_it ? "breaks" : "stops");
    if (all_of_it) co_return steward::error("out of paper");
    co_return {};
  };
  return steward::named(name, steward::leaf(work));
}

/// Never becomes ready, but listens when it is stopped.
steward::task<> hangs(steward::context& ctx, steward::callback) { co_return co_await ctx.stopped(); }

/// In use until a dependency is lost.
steward::task<> in_use(steward::context& ctx) {
  const auto why = co_await ctx.stopped();
  std::printf("in use no more: %s\n", why.to_string().c_str());
  co_return {};
}

steward::result<> run(const steward::runnable& what) {
  const auto outcome = steward::sync_wait([&what](steward::context& ctx) { return what.run(ctx, in_use); });
  std::printf("-> %s\n\n", outcome ? "success" : outcome.error().to_string().c_str());
  return outcome;
}

}  // namespace

int main() {
  // The printer breaks after 10 ms. The callback learns of it; when it has returned, the others are asked to stop.
  const auto lost = run(steward::parallel(worker("printer", 10ms), worker("scanner", 1h), worker("copier", 1h)));

  // A component that is not ready in time is stopped, and the one beside it too.
  const auto late = run(steward::parallel(worker("scanner", 1h), steward::named("network", steward::deadlines(hangs, 20ms))));

  return !lost && !late && late.error().reason() == steward::stop_reason::deadline ? 0 : 1;
}

// It prints:
//   printer works
//   scanner works
//   copier works
//   printer breaks
//   in use no more: stopped: dependency_lost
//   scanner stops
//   copier stops
//   -> printer: out of paper
//
//   scanner works
//   scanner stops
//   -> network: not ready within 20ms: stopped: deadline
