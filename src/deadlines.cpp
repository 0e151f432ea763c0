// SPDX-License-Identifier: Apache-2.0
#include "steward/deadlines.hpp"

#include "steward/detail/first_error.hpp"
#include "steward/duration_text.hpp"

#include <atomic>
#include <utility>

namespace steward {
namespace {

/// A timer that stops a context, part of a coroutine's frame: the coroutine disarms it before it goes on, and where it cannot be taken back any more
/// waits until it has run.
class alarm final : private timer {
 public:
  explicit alarm(context& target) noexcept : timer(&rings, &target.scheduler()), target_(target) {}

  /// What happens at the deadline itself is in time, so it rings an instant later.
  void set(std::chrono::nanoseconds after) noexcept {
    const instant now = target_.now();
    if (after.count() <= 0 || after >= instant::max() - now) return;
    set_ = true;
    who_.store(nullptr, std::memory_order_relaxed);
    on->post_at(*this, now + after + std::chrono::nanoseconds(1));
  }

  class [[nodiscard]] disarm_awaiter {
   public:
    explicit disarm_awaiter(alarm& of) noexcept : of_(&of) {}

    [[nodiscard]] bool await_ready() const noexcept { return !of_->set_ || of_->on->cancel(*of_); }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
      waiter* nobody = nullptr;
      return of_->who_.compare_exchange_strong(nobody, &caller.promise(), std::memory_order_acq_rel);
    }
    [[nodiscard]] bool await_resume() noexcept {
      of_->set_ = false;
      return of_->rang_;
    }

   private:
    alarm* of_;
  };

  /// `co_await limit.disarm()` yields whether it rang, and found its context not stopped already.
  disarm_awaiter disarm() noexcept { return disarm_awaiter(*this); }

 private:
  static void rings(work& self) noexcept {
    auto& me = static_cast<alarm&>(static_cast<timer&>(self));
    me.rang_ = me.target_.stop(stop_reason::deadline);
    waiter* const who = me.who_.exchange(&me, std::memory_order_acq_rel);
    if (who != nullptr) transfer(*who);
  }

  context& target_;
  std::atomic<waiter*> who_{nullptr};  // who disarms, or this object itself: it has run
  bool set_ = false;
  bool rang_ = false;
};

class deadlines_part {
 public:
  deadlines_part(runnable what, std::chrono::nanoseconds start, std::chrono::nanoseconds stop) noexcept
      : what_(std::move(what)), start_(start), stop_(stop) {}

  task<> run(context& ctx, callback ready) {
    one_run run(ctx, *this, ready);
    run.limit.set(start_);
    const result<> outcome = co_await what_.run(run.own, run.as_callback());
    const bool late = co_await run.limit.disarm();
    run.own.stop();
    co_return run.judge(outcome, late);
  }

 private:
  struct one_run {
    one_run(context& ctx, const deadlines_part& of, callback ready) noexcept : own(ctx), limit(own), part(of), ready(ready) {}

    [[nodiscard]] callback as_callback() noexcept {
      return {this, [](void* self, context& handed) { return static_cast<one_run*>(self)->in_use(handed); }};
    }

    task<> in_use(context& handed);
    [[nodiscard]] result<> judge(const result<>& outcome, bool late) const;

    context own;
    alarm limit;
    const deadlines_part& part;
    callback ready;
    bool called = false;
    bool callback_failed = false;
    bool was_ready = false;
  };

  runnable what_;
  std::chrono::nanoseconds start_;
  std::chrono::nanoseconds stop_;
};

task<> deadlines_part::one_run::in_use(context& handed) {
  if (std::exchange(called, true)) co_return errc::callback_already_called;
  const bool late = co_await limit.disarm();
  if (late) co_return *own.stop_error();
  was_ready = true;
  const result<> outcome = co_await ready(handed);
  callback_failed = !outcome;
  limit.set(part.stop_);
  co_return outcome;
}

result<> deadlines_part::one_run::judge(const result<>& outcome, bool late) const {
  if (!late) return outcome;
  const std::string what = was_ready ? "not stopped within " + duration_text(part.stop_) : "not ready within " + duration_text(part.start_);
  const error passed = own.stop_error()->prefixed(what + ": ");
  detail::first_error errors;
  if (callback_failed) errors.add(outcome);
  errors.add(passed);
  if (!callback_failed && !outcome && !outcome.error().is_echo_of(&own)) errors.add(outcome);
  return errors.take();
}

}  // namespace

runnable deadlines(runnable what, std::chrono::nanoseconds start, std::chrono::nanoseconds stop) {
  return deadlines_part(std::move(what), start, stop);
}

}  // namespace steward
