// SPDX-License-Identifier: Apache-2.0
#include "steward/runnable.hpp"

namespace steward {
namespace detail {

task<> failing(error why) { co_return why; }

void part::bury() noexcept {
  // Destroying a part may let go of others: those are buried one after the other by whoever buries already, not inside one another.
  static thread_local constinit part* graveyard = nullptr;
  static thread_local constinit bool burying = false;
  next_buried_ = std::exchange(graveyard, this);
  if (burying) return;
  burying = true;
  while (graveyard != nullptr) {
    part* dead = std::exchange(graveyard, graveyard->next_buried_);
    delete dead;
  }
  burying = false;
}

namespace {
class nop_part final : public part {
 public:
  task<> run(context& ctx, callback ready) override { return ready(ctx); }
};
}  // namespace

}  // namespace detail

runnable nop() noexcept {
  static detail::nop_part shared;  // its own first reference is never let go
  shared.hold();
  return runnable(&shared);
}

}  // namespace steward
