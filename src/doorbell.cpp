// SPDX-License-Identifier: Apache-2.0
#include "steward/doorbell.hpp"

#include "steward/stop_callback.hpp"

namespace steward {

task<> doorbell::wait(context& ctx) {
  {
    const stop_callback stopped(ctx, [this]() noexcept { ring(); });
    co_await wait();
  }
  // A stop after the ring has rung once more. What others have left by now is found by who returns from here, hence the acquire.
  state_.exchange(nullptr, std::memory_order_acq_rel);
  if (auto why = ctx.stop_error()) co_return std::move(*why);
  co_return {};
}

}  // namespace steward
