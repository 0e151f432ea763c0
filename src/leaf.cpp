// SPDX-License-Identifier: Apache-2.0
#include "steward/leaf.hpp"

#include "steward/detail/beside.hpp"
#include "steward/detail/first_error.hpp"

#include <utility>

namespace steward {
namespace {

/// The foreground of one run, and the context that it shares with the callback.
struct running_foreground final : detail::beside {
  explicit running_foreground(context& ctx) noexcept : beside(ctx.scheduler(), &over), shared(ctx) {}

  static void over(beside& self) noexcept {
    context& shared = static_cast<running_foreground&>(self).shared;
    if (!shared.is_stopped()) shared.stop(stop_reason::dependency_lost);
  }

  context shared;
};

class leaf_part {
 public:
  leaf_part(detail::step foreground, detail::step graceful_stop) : foreground_(std::move(foreground)), graceful_stop_(std::move(graceful_stop)) {}

  task<> run(context& ctx, callback ready) {
    running_foreground front(ctx);
    front.start(foreground_(front.shared));
    detail::first_error errors;
    errors.add(co_await ready(front.shared));
    if (graceful_stop_) errors.add(co_await graceful_stop_(ctx));
    const bool asked = front.shared.stop();
    const result<> ended = co_await front.join();
    if (!ended && !(asked && ended.error().is_echo_of(&front.shared))) errors.add(ended.error());
    co_return errors.take();
  }

 private:
  detail::step foreground_;
  detail::step graceful_stop_;
};

}  // namespace

runnable leaf(detail::step foreground, detail::step graceful_stop) { return leaf_part(std::move(foreground), std::move(graceful_stop)); }

}  // namespace steward
