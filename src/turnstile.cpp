// SPDX-License-Identifier: Apache-2.0
#include "steward/turnstile.hpp"

#include <utility>

namespace steward {

// Nothing of this object may be touched once it is queued and the lock is let go: it may be its turn on another thread.
bool turnstile::enter_awaiter::begin() noexcept {
  added_ = context_->add(*this);
  if (!added_) return false;
  const std::lock_guard guard(gate_->lock_);
  if (context_->is_stopped()) return false;
  entered_ = !std::exchange(gate_->taken_, true);
  if (entered_) return false;
  queued_ = true;
  *gate_->last_ = this;
  gate_->last_ = &next_;
  return true;
}

void turnstile::enter_awaiter::unlink() noexcept {
  enter_awaiter** link = &gate_->first_;
  while (*link != this) link = &(*link)->next_;
  *link = next_;
  if (gate_->last_ == &next_) gate_->last_ = link;
}

void turnstile::enter_awaiter::context_stopped(detail::hook& self) noexcept {
  auto& me = static_cast<enter_awaiter&>(self);
  {
    const std::lock_guard guard(me.gate_->lock_);
    if (!std::exchange(me.queued_, false)) return;
    me.unlink();
  }
  wake(*me.who_);
}

result<> turnstile::enter_awaiter::await_resume() noexcept {
  if (added_) context_->withdraw(*this);
  if (!entered_) return fail(*context_->stop_error());
  return {};
}

void turnstile::leave() noexcept {
  std::unique_lock guard(lock_);
  enter_awaiter* const next = first_;
  if (next == nullptr) {
    taken_ = false;
    return;
  }
  first_ = next->next_;
  if (first_ == nullptr) last_ = &first_;
  next->queued_ = false;
  next->entered_ = true;
  waiter& who = *next->who_;
  guard.unlock();
  wake(who);
}

}  // namespace steward
