// SPDX-License-Identifier: Apache-2.0
#include "group.hpp"

#include "steward/parallel.hpp"
#include "steward/sequential.hpp"

#include <mutex>
#include <utility>

namespace steward {
namespace detail {

dependency::dependency(group_run& run) noexcept : waiter(&run_ended, &run.ctx_.scheduler()), hook(&handed_stopped), run_(run), own_(run.ctx_) {}

/// The wait of one dependency's callback, from ready to release.
class dependency::ready_wait {
 public:
  ready_wait(dependency& of, context& handed) noexcept : of_(&of), handed_(&handed) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    return of_->begin_wait(caller.promise(), *handed_);
  }
  void await_resume() const noexcept { of_->end_wait(); }

  [[nodiscard]] bool called_before() noexcept { return std::exchange(of_->called_, true); }

 private:
  dependency* of_;
  context* handed_;
};

task<> dependency::ready(ready_wait wait) {
  if (wait.called_before()) co_return errc::callback_already_called;
  co_await wait;
  co_return {};
}

// Counted as starting already.
void dependency::launch(const runnable& what) noexcept {
  task_ = what.run(own_, callback(this, [](void* self, context& handed) { return ready(ready_wait(*static_cast<dependency*>(self), handed)); }));
  if (!task_.start(*this)) run_ended(static_cast<waiter&>(*this));
}

// Ready. Whatever is decided here is decided in one section: whether it is lost already, who starts next, whether the start has settled.
bool dependency::begin_wait(waiter& callback, context& handed) noexcept {
  domain& home = run_.ctx_.domain();
  const bool inside = &handed.domain() == &home;
  if (!inside && handed.add(*this)) handed_ = &handed;
  std::unique_lock guard(home.lock);
  if (inside && !handed.is_stopped()) {
    handed.hooks_.push(*this);
    handed_ = &handed;
  }
  group_progress& progress = run_.progress_;
  if (run_.ctx_.is_stopped() || handed.is_stopped()) run_.give_up(guard);
  phase_ = phase::ready;
  --progress.starting;
  ++progress.ready;
  const bool held = progress.why == given_up::no;
  if (held) callback_ = &callback;
  const auto next = run_.next_to_launch();
  waiter* const main = run_.take_if_reached();
  guard.unlock();
  // From here on a callback that is held may be resumed elsewhere. A next one keeps the run from settling until it has been launched.
  if (next) run_.dependencies_[*next].launch(run_.parts_[*next]);
  if (main != nullptr) transfer(*main);
  return held;
}

void dependency::end_wait() noexcept {
  if (handed_ != nullptr) handed_->withdraw(*this);
}

// Lost. While this runs, the wait of the callback cannot end, so the run cannot either. Nobody needs to be woken: those that are cancelled here do
// that when they end.
void dependency::handed_stopped(hook& self) noexcept {
  auto& me = static_cast<dependency&>(self);
  group_run& run = me.run_;
  std::unique_lock guard(run.ctx_.domain().lock);
  if (run.main_ != nullptr) run.main_->stop_held(guard, run.main_->word_of(stop_reason::dependency_lost));
  if (!run.entered_) run.give_up(guard);
}

void dependency::run_ended(work& self) noexcept {
  auto& me = static_cast<dependency&>(static_cast<waiter&>(self));
  group_run& run = me.run_;
  const result<> outcome = me.task_.take();
  std::unique_lock guard(run.ctx_.domain().lock);
  if (!outcome) me.err_ = outcome.error();
  if (me.phase_ == phase::starting) {
    if (outcome && !me.own_.is_stopped()) me.err_ = errc::ended_before_ready;
    run.give_up(guard);
    --run.progress_.starting;
  }
  me.phase_ = phase::ended;
  me.own_.stop_held(guard, me.own_.word_of(stop_reason::requested));
  ++run.ended_;
  waiter* const main = run.take_if_reached();
  guard.unlock();
  if (main != nullptr) transfer(*main);
}

void dependency::release() noexcept {
  std::unique_lock guard(run_.ctx_.domain().lock);
  waiter* const callback = std::exchange(callback_, nullptr);
  guard.unlock();
  if (callback != nullptr) wake(*callback);
}

group_run::group_run(context& ctx, const std::vector<runnable>& parts, group_order order)
    : ctx_(ctx), parts_(parts), order_(order), dependencies_(parts.size(), *this) {
  progress_.total = parts.size();
}

bool group_run::launch(waiter& who) noexcept {
  const std::size_t first = order_ == group_order::parallel ? progress_.total : 1;
  progress_.launched = progress_.starting = first;
  for (std::size_t i = 0; i < first; ++i) dependencies_[i].phase_ = dependency::phase::starting;
  for (std::size_t i = 0; i < first; ++i) dependencies_[i].launch(parts_[i]);
  const std::lock_guard guard(ctx_.domain().lock);
  if (reached()) return false;
  waiting_ = &who;
  return true;
}

bool group_run::suspend(waiter& who, goal until, const dependency* which) noexcept {
  const std::lock_guard guard(ctx_.domain().lock);
  goal_ = until;
  awaited_ = which;
  if (reached()) return false;
  waiting_ = &who;
  return true;
}

bool group_run::reached() const noexcept {
  switch (goal_) {
    case goal::settled:
      return progress_.settled();
    case goal::one_ended:
      return awaited_->phase_ == dependency::phase::ended;
    case goal::all_ended:
      return ended_ == progress_.launched;
  }
  return false;
}

waiter* group_run::take_if_reached() noexcept { return waiting_ != nullptr && reached() ? std::exchange(waiting_, nullptr) : nullptr; }

// Cancels those that are still starting. Each is looked at under the lock that is held when it is stopped, so one that becomes ready first is spared
// (P3).
void group_run::give_up(std::unique_lock<spin_lock>& held) noexcept {
  if (progress_.why != given_up::no) return;
  progress_.why = ctx_.is_stopped() ? given_up::stopped : given_up::failed;
  for (dependency& each : dependencies_)
    if (each.phase_ == dependency::phase::starting) each.own_.stop_held(held, each.own_.word_of(stop_reason::sibling_failed));
}

std::optional<std::size_t> group_run::next_to_launch() noexcept {
  if (!progress_.next_may_start()) return std::nullopt;
  ++progress_.starting;
  const std::size_t next = progress_.launched++;
  dependencies_[next].phase_ = dependency::phase::starting;
  return next;
}

bool group_run::enter(context& main) noexcept {
  const std::lock_guard guard(ctx_.domain().lock);
  if (ctx_.is_stopped() && progress_.why == given_up::no) progress_.why = given_up::stopped;
  if (!progress_.all_ready()) return false;
  main_ = &main;
  entered_ = true;
  return true;
}

void group_run::leave() noexcept {
  std::unique_lock guard(ctx_.domain().lock);
  context& main = *std::exchange(main_, nullptr);
  main.stop_held(guard, main.word_of(stop_reason::requested));
}

result<> group_run::outcome(const std::optional<result<>>& of_callback) const {
  std::vector<error> errors;
  std::vector<error> echoes;
  for (const dependency& each : dependencies_)
    if (each.err().has_value()) (each.is_echo() ? echoes : errors).push_back(*each.err());
  if (of_callback && !*of_callback) return fail(of_callback->error().with_lost(errors));
  if (progress_.why == given_up::stopped) return fail(ctx_.stop_error()->with_lost(errors));
  if (!errors.empty()) return fail(error::join(errors).with_lost(echoes));
  if (progress_.why == given_up::failed) return fail(error::stopped(stop_reason::dependency_lost).with_lost(echoes));
  return {};
}

/// The waits of the coroutine that runs a group.
class group_run::wait {
 public:
  wait(group_run& run, goal until, const dependency* which = nullptr) noexcept : run_(&run), until_(until), which_(which) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    return until_ == goal::settled ? run_->launch(caller.promise()) : run_->suspend(caller.promise(), until_, which_);
  }
  void await_resume() const noexcept {}

 private:
  group_run* run_;
  goal until_;
  const dependency* which_;
};

namespace {

class group_part {
 public:
  group_part(std::vector<runnable> parts, group_order order) : parts_(std::move(parts)), order_(order) {}

  task<> run(context& ctx, callback ready) {
    group_run run(ctx, parts_, order_);
    co_await group_run::wait(run, group_run::goal::settled);
    std::optional<result<>> outcome;
    {
      context main(ctx);
      if (run.enter(main)) {
        outcome = co_await ready(main);
        run.leave();
      }
    }
    for (std::size_t i = 0; i < run.launched(); ++i) {
      run.at(i).release();
      if (order_ == group_order::sequential) co_await group_run::wait(run, group_run::goal::one_ended, &run.at(i));
    }
    co_await group_run::wait(run, group_run::goal::all_ended);
    co_return run.outcome(outcome);
  }

 private:
  std::vector<runnable> parts_;
  group_order order_;
};

}  // namespace

runnable group(std::vector<runnable> parts, group_order order) {
  if (parts.empty()) return nop();
  if (parts.size() == 1) return std::move(parts.front());
  return group_part(std::move(parts), order);
}

}  // namespace detail

runnable parallel(std::vector<runnable> dependencies) { return detail::group(std::move(dependencies), detail::group_order::parallel); }
runnable sequential(std::vector<runnable> dependencies) { return detail::group(std::move(dependencies), detail::group_order::sequential); }

}  // namespace steward
