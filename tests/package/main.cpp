// SPDX-License-Identifier: Apache-2.0
//
// What a stranger does first: start something, use it, let it wind down.
#include "steward/runnable.hpp"
#include "steward/sync_wait.hpp"

#include <cstdio>

namespace {

steward::task<int> use(steward::context& ctx) {
  int used = 0;
  auto ready = [&used](steward::context&) -> steward::task<> {
    ++used;
    co_return {};
  };
  const steward::runnable part = steward::nop();
  const auto outcome = co_await part.run(ctx, ready);
  if (!outcome) co_return outcome.error();
  co_return used;
}

}  // namespace

int main() {
  const auto used = steward::sync_wait(use);
  std::puts(used && *used == 1 ? "used once" : "not as it should be");
  return used && *used == 1 ? 0 : 1;
}
