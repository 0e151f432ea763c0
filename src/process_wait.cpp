// SPDX-License-Identifier: Apache-2.0
#include "steward/process_wait.hpp"

#include <mutex>
#include <span>
#include <utility>

namespace steward {

// A wait whose context is the one that the process was made with needs no registration: when that stops, the process is forced through the tree.

bool start_awaiter::begin(waiter& who) noexcept {
  process& what = *process_;
  std::unique_lock guard(what.lock);
  if (!transition(what.state_, process_event::start).accepted) {
    refused_ = true;
    return false;
  }
  context_first_ = context_->is_stopped();
  if (context_first_) {
    what.apply(process_event::force);
    guard.unlock();
    what.finish({});
    return false;
  }
  what.apply(process_event::start);
  what.held_ = &who;
  guard.unlock();
  if (context_ != what.own_.parent_) {
    added_ = context_->add(*this);
    if (!added_) context_stopped(*this);
  }
  what.run();
  return true;
}

void start_awaiter::context_stopped(detail::hook& self) noexcept {
  auto& me = static_cast<start_awaiter&>(self);
  process& what = *me.process_;
  {
    const std::lock_guard guard(what.lock);
    if (what.state_ != process_state::starting) return;
    what.apply(process_event::force);
    me.context_first_ = true;
    ++what.pins;
  }
  what.stop_own_and_unpin(me.context_->stop_error()->reason());
}

result<> start_awaiter::await_resume() noexcept {
  if (added_) context_->withdraw(*this);
  if (refused_) return fail(errc::invalid_state);
  const process& what = *process_;
  const std::lock_guard guard(what.lock);
  if (what.ready_) return {};
  if (context_first_) return fail(*context_->stop_error());
  const error stopped = *what.own_.stop_error();
  const bool forced_from_above = stopped.inherited();
  if (forced_from_above && context_ == what.own_.parent_) return fail(*context_->stop_error());
  const bool failed = what.err_.has_value() && !what.err_->is_echo_of(&what.own_);
  if (what.was_stopped_) return fail(failed ? stopped.with_lost(std::span(&*what.err_, 1)) : stopped);
  if (failed) return fail(what.err_->prefixed("run: "));
  if (forced_from_above) return fail(stopped.prefixed("run: "));
  return fail(error(errc::ended_before_ready).prefixed("run: "));
}

task<> start_awaiter::as_task(process& what, context& ctx) { co_return co_await what.start(ctx); }

bool stop_awaiter::begin(waiter& who) noexcept {
  process& what = *process_;
  if (context_->descends_from(what.own_)) {
    refused_ = refusal::inside;
    return false;
  }
  who_ = &who;
  if (context_ != what.own_.parent_) {
    added_ = context_->add(*this);
    if (!added_) context_first_ = true;
  }
  std::unique_lock guard(what.lock);
  const process_transition& step = what.apply(process_event::stop);
  if (!step.accepted) {
    refused_ = refusal::invalid_state;
    return false;
  }
  initial_ = step.finish;
  if (initial_) {
    guard.unlock();
    what.finish({});
    return false;
  }
  what.was_stopped_ = true;
  what.stopper_ = &who;
  waiter* const released = what.released_by(step);
  const bool force = step.force || context_first_;
  const stop_reason why = context_first_ ? context_->stop_error()->reason() : stop_reason::requested;
  if (force) ++what.pins;
  guard.unlock();
  if (released != nullptr) transfer(*released);
  if (force) what.stop_own_and_unpin(why);
  return true;
}

void stop_awaiter::context_stopped(detail::hook& self) noexcept {
  auto& me = static_cast<stop_awaiter&>(self);
  process& what = *me.process_;
  {
    const std::lock_guard guard(what.lock);
    if (what.done_) return;
    me.context_first_ = true;
    if (what.stopper_ != me.who_) return;  // not published yet: `begin` looks at `context_first_` when it does
    ++what.pins;
  }
  what.stop_own_and_unpin(me.context_->stop_error()->reason());
}

result<> stop_awaiter::await_resume() noexcept {
  if (added_) context_->withdraw(*this);
  if (refused_ == refusal::inside) return fail(errc::would_wait_for_itself);
  if (refused_ == refusal::invalid_state) return fail(errc::invalid_state);
  if (initial_) return {};
  const process& what = *process_;
  const std::lock_guard guard(what.lock);
  if (context_first_ || (context_ == what.own_.parent_ && what.own_.stop_error()->inherited())) return fail(*context_->stop_error());
  if (what.err_.has_value() && !what.err_->is_echo_of(&what.own_)) return fail(what.err_->prefixed("run: "));
  return {};
}

task<> stop_awaiter::as_task(process& what, context& ctx) { co_return co_await what.stop(ctx); }

bool done_awaiter::begin(waiter& who) noexcept {
  process& what = *process_;
  node_.who = &who;
  added_ = context_->add(*this);
  const std::lock_guard guard(what.lock);
  if (!added_) context_first_ = true;
  if (what.done_ || context_first_) return false;
  node_.push_on(what.waiting_);
  return true;
}

void done_awaiter::context_stopped(detail::hook& self) noexcept {
  auto& me = static_cast<done_awaiter&>(self);
  {
    const std::lock_guard guard(me.process_->lock);
    if (me.process_->done_) return;
    me.context_first_ = true;
    if (me.node_.link == nullptr) return;  // not waiting yet: `begin` looks at `context_first_`
    me.node_.remove();
  }
  wake(*me.node_.who);
}

result<> done_awaiter::await_resume() noexcept {
  if (added_) context_->withdraw(*this);
  if (context_first_) return fail(*context_->stop_error());
  return {};
}

task<> done_awaiter::as_task(process& what, context& ctx) { co_return co_await what.done(ctx); }

}  // namespace steward
