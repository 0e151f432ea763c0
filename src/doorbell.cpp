// SPDX-License-Identifier: Apache-2.0
#include "steward/doorbell.hpp"

#include "steward/stop_callback.hpp"

namespace steward {

task<> doorbell::wait(context& ctx) {
  {
    const stop_callback stopped(ctx, [this]() noexcept { ring(); });
    co_await wait();
  }
  state_.store(nullptr, std::memory_order_release);  // a stop that came after the ring; what was left to do by now is found by who returns from here
  if (auto why = ctx.stop_error()) co_return std::move(*why);
  co_return {};
}

}  // namespace steward
