// SPDX-License-Identifier: Apache-2.0
#include "steward/start_stop.hpp"

#include "steward/detail/first_error.hpp"
#include "steward/root_context.hpp"

#include <utility>

namespace steward {
namespace {

class start_stop_part {
 public:
  start_stop_part(detail::step start, detail::step stop) : start_(std::move(start)), stop_(std::move(stop)) {}

  task<> run(context& ctx, callback ready) {
    co_await or_return(start_(ctx));
    detail::first_error errors;
    errors.add(co_await ready(ctx));
    errors.add(co_await stop_(ctx));
    co_return errors.take();
  }

 private:
  detail::step start_;
  detail::step stop_;
};

task<> stop_or_wait(process& what, context& ctx) {
  result<> stopped = co_await what.stop(ctx);
  if (stopped || stopped.error() != errc::invalid_state) co_return stopped;
  const result<> gone = co_await what.done(ctx);
  if (!gone) {
    what.force(gone.error().reason());
    root_context unstopped(ctx.scheduler());
    (void)co_await what.done(unstopped);
    co_return gone;
  }
  if (const auto why = what.err()) co_return why->prefixed("run: ");
  co_return {};
}

}  // namespace

runnable start_stop(detail::step start, detail::step stop) { return start_stop_part(std::move(start), std::move(stop)); }

runnable start_stop(process& what) {
  return start_stop([&what](context& ctx) { return what.start(ctx); }, [&what](context& ctx) { return stop_or_wait(what, ctx); });
}

}  // namespace steward
