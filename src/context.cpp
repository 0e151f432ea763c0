// SPDX-License-Identifier: Apache-2.0
#include "steward/context.hpp"

#include "steward/misuse.hpp"
#include "steward/root_context.hpp"

#include <mutex>
#include <string_view>
#include <utility>

namespace steward {

std::uintptr_t context::inherited(std::uintptr_t word) noexcept { return word == 0 ? 0 : detail::inherited_word(word); }

context::context(context& parent) noexcept : scheduler_(parent.scheduler_), parent_(&parent), domain_(parent.domain_), deadline_(parent.deadline_) {
  const std::lock_guard guard(domain_->lock);
  stopped_.store(inherited(parent.stopped_.load(std::memory_order_relaxed)), std::memory_order_relaxed);
  link();
}

context::context(steward::scheduler& on, context* parent, detail::domain& own) noexcept
    : scheduler_(&on), parent_(parent), domain_(&own), previous_(this) {
  if (parent != nullptr) deadline_ = parent->deadline_;
}

context::~context() {
  constexpr std::string_view too_early = "destroyed before what runs under it has ended";
  if (domain_ == nullptr) return;
  std::unique_lock guard(domain_->lock);
  if (topmost()) {
    domain_->wait_for_pins(guard);
    if (child_ != nullptr || domain_->roster != nullptr || !hooks_.empty()) report_misuse("context", "", too_early);
    return;
  }
  if (child_ != nullptr) report_misuse("context", "", "destroyed before its children");
  if (!hooks_.empty()) report_misuse("context", "", too_early);
  if (previous_ != nullptr)
    previous_->next_ = next_;
  else
    parent_->child_ = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

void context::link() noexcept {
  next_ = parent_->child_;
  if (next_ != nullptr) next_->previous_ = this;
  parent_->child_ = this;
}

std::uintptr_t context::word_of(stop_reason why) const noexcept { return error::stopped(why, this).word_; }

bool context::stop(stop_reason why) noexcept { return stop_with(word_of(why)); }

bool context::stop_with(std::uintptr_t word) noexcept {
  std::unique_lock guard(domain_->lock);
  return stop_held(guard, word);
}

// The lock is held at the call and at the return, and let go in between while callbacks are called.
bool context::stop_held(std::unique_lock<detail::spin_lock>& guard, std::uintptr_t word) noexcept {
  detail::domain& home = *domain_;
  if (stopped_.load(std::memory_order_relaxed) != 0) return false;
  const bool top = topmost();
  detail::hook_list hooks;
  mark_subtree(word, hooks);
  if (!top && hooks.empty()) return true;
  // From here on this context may go; the domain stays while it is pinned.
  ++home.pins;
  if (top) {
    guard.unlock();
    home.context_stopped();
    guard.lock();
  }
  hooks.call_all(home);
  --home.pins;
  return true;
}

// One lock makes the whole subtree stop at one instant. Contexts that are stopped already need no visit: their descendants are too.
void context::mark_subtree(std::uintptr_t word, detail::hook_list& hooks) noexcept {
  stopped_.store(word, std::memory_order_release);
  hooks.take_all(hooks_);
  context* at = child_;
  while (at != nullptr) {
    if (at->stopped_.load(std::memory_order_relaxed) == 0) {
      at->stopped_.store(inherited(word), std::memory_order_release);
      hooks.take_all(at->hooks_);
      if (at->child_ != nullptr) {
        at = at->child_;
        continue;
      }
    }
    while (at != this && at->next_ == nullptr) at = at->parent_;
    if (at == this) return;
    at = at->next_;
  }
}

bool context::add(detail::hook& item) noexcept {
  const std::lock_guard guard(domain_->lock);
  if (stopped_.load(std::memory_order_relaxed) != 0) return false;
  hooks_.push(item);
  return true;
}

std::optional<error> context::stop_error() const noexcept {
  const auto word = stopped_.load(std::memory_order_acquire);
  if (word == 0) return std::nullopt;
  return error(word);
}

context& context::grace() noexcept {
  const auto why = stop_error();
  const bool asked = why && !why->inherited() && (why->reason() == stop_reason::requested || why->reason() == stop_reason::shutdown);
  return asked && parent_ != nullptr ? *parent_ : *this;
}

std::optional<instant> context::deadline() const noexcept {
  if (deadline_ == instant::max()) return std::nullopt;
  return deadline_;
}

void context::request_stop(error cause) noexcept { domain_->ended_from_inside(std::move(cause)); }

root_context::root_context(steward::scheduler& on) noexcept : context(on, nullptr, static_cast<detail::domain&>(*this)) {}

root_context::~root_context() = default;

std::optional<error> root_context::cause() const noexcept {
  const std::lock_guard guard(cause_lock_);
  return cause_;
}

void root_context::ended_from_inside(error cause) noexcept {
  {
    const std::lock_guard guard(cause_lock_);
    if (!cause_) cause_ = std::move(cause);
  }
  stop();
}

bool context::descends_from(const context& ancestor) const noexcept {
  for (const context* at = this; at != nullptr; at = at->parent_)
    if (at == &ancestor) return true;
  return false;
}

}  // namespace steward
