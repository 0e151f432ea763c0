// SPDX-License-Identifier: Apache-2.0
//
// A sleep has two ends, the timer and the stop, which may come at once on different threads. Each marks that it was seen. Whoever marks second knows
// of the first. The coroutine is resumed by the timer's own item whenever that runs, and by the stop only when it could take the timer back.
#include "steward/wait.hpp"

namespace steward {
namespace {
constexpr unsigned char armed = 1;
constexpr unsigned char stop_seen = 2;
constexpr unsigned char timer_seen = 4;
}  // namespace

// Nothing of this object may be touched once `armed` is set: the coroutine may already run elsewhere, and have ended.
bool sleep_awaiter::begin(waiter& who) noexcept {
  who_ = &who;
  timer::on = who.on;
  added_ = context_->add(*this);
  if (!added_) return false;
  scheduler& where = *who.on;
  where.post_at(*this, until_);
  unsigned char before = 0;
  if (seen_.compare_exchange_strong(before, armed, std::memory_order_acq_rel)) return true;
  if ((before & timer_seen) == 0 && where.cancel(*this)) return false;
  // The stop came first, and the timer cannot be taken back: unless it has run already, it resumes the coroutine.
  return (seen_.fetch_or(armed, std::memory_order_acq_rel) & timer_seen) == 0;
}

void sleep_awaiter::stopped(detail::hook& self) noexcept {
  auto& sleep = static_cast<sleep_awaiter&>(self);
  const auto before = sleep.seen_.fetch_or(stop_seen, std::memory_order_acq_rel);
  if ((before & armed) != 0 && sleep.who_->on->cancel(sleep)) wake(*sleep.who_);
}

void sleep_awaiter::fired(work& self) noexcept {
  auto& sleep = static_cast<sleep_awaiter&>(static_cast<timer&>(self));
  waiter& who = *sleep.who_;
  if ((sleep.seen_.fetch_or(timer_seen, std::memory_order_acq_rel) & armed) != 0) transfer(who);
}

result<> sleep_awaiter::await_resume() noexcept {
  if (added_) context_->withdraw(*this);
  if (auto why = context_->stop_error()) return fail(std::move(*why));
  return {};
}

}  // namespace steward
