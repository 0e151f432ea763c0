// SPDX-License-Identifier: Apache-2.0
#include "steward/detail/event_mailbox.hpp"

#include "steward/misuse.hpp"

#include <mutex>

namespace steward::detail {

void event_mailbox::join() noexcept {
  const std::lock_guard guard(hub_->lock);
  next_ = hub_->first;
  if (next_ != nullptr) next_->link_ = &next_;
  link_ = &hub_->first;
  hub_->first = this;
  hub_->listened.store(true, std::memory_order_relaxed);
}

void event_mailbox::leave() noexcept {
  std::unique_lock guard(hub_->lock);
  *link_ = next_;
  if (next_ != nullptr) next_->link_ = link_;
  if (hub_->first == nullptr) hub_->listened.store(false, std::memory_order_relaxed);
  const bool waited_on = waiting_ != nullptr;
  guard.unlock();
  if (waited_on) report_misuse("event subscription", "", "destroyed while somebody waits for its next event");
}

bool event_wait::over() const noexcept {
  if (mailbox_ == nullptr) return true;
  const std::lock_guard guard(mailbox_->hub().lock);
  return mailbox_->has_news();
}

// Nothing of this object may be touched once it waits and the lock is let go: the coroutine may already run elsewhere, and have ended.
bool event_wait::begin(waiter& who) noexcept {
  added_ = context_->add(*this);
  if (!added_) return false;
  std::unique_lock guard(mailbox_->hub().lock);
  if (context_->is_stopped() || mailbox_->has_news()) return false;
  const bool waited_on = std::exchange(mailbox_->waiting_, &who) != nullptr;
  guard.unlock();
  if (waited_on) report_misuse("event subscription", "", "waited on by two at once: each needs a subscription of its own");
  return true;
}

void event_wait::context_stopped(hook& self) noexcept {
  auto& me = static_cast<event_wait&>(self);
  waiter* who = nullptr;
  {
    const std::lock_guard guard(me.mailbox_->hub().lock);
    who = std::exchange(me.mailbox_->waiting_, nullptr);
  }
  if (who != nullptr) wake(*who);  // else it is woken already, or does not wait yet: `begin` looks at the context
}

std::optional<error> event_wait::end() noexcept {
  if (added_) context_->withdraw(*this);
  return context_->stop_error();
}

}  // namespace steward::detail
