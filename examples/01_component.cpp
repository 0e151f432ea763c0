// SPDX-License-Identifier: Apache-2.0
//
// A component says when it is ready, and winds down when it is asked to. Run it and press Ctrl-C, or wait until it is sold out.
#include "steward/chain.hpp"
#include "steward/leaf.hpp"
#include "steward/run_until_signal.hpp"
#include "steward/wait.hpp"

#include <cstdio>

namespace {

using namespace std::chrono_literals;

// A coroutine with this signature is a runnable. Until it calls `ready` it is starting; while `ready` runs it is in use; when `ready` has returned,
// with success or an error, it winds down, with a context that is still alive.
steward::task<> kitchen(steward::context& ctx, steward::callback ready) {
  std::puts("kitchen: heating the oven");
  const auto heated = co_await ctx.sleep_for(5ms);
  if (!heated) co_return heated;  // stopped while it was starting
  std::puts("kitchen: open");
  const auto outcome = co_await ready(ctx);
  std::puts("kitchen: cleaning up");
  co_return outcome;
}

// Most components are a function that runs for as long as they are in use: `leaf` makes a runnable of it. Its context stops when it is to end.
steward::task<> serve(steward::context& ctx) {
  for (int pizza = 1; pizza <= 3; ++pizza) {
    if (!co_await ctx.sleep_for(5ms)) co_return {};  // closing time
    std::printf("waiter: pizza %d\n", pizza);
  }
  std::puts("waiter: sold out");
  co_return {};  // a leaf that ends by itself takes down what stands on it: here, the program
}

}  // namespace

int main() { return steward::run_until_signal(steward::chain(kitchen, steward::leaf(serve))); }

// It prints:
//   kitchen: heating the oven
//   kitchen: open
//   waiter: pizza 1
//   waiter: pizza 2
//   waiter: pizza 3
//   waiter: sold out
//   kitchen: cleaning up
