// SPDX-License-Identifier: Apache-2.0
#include "steward/service.hpp"

#include "steward/duration_text.hpp"
#include "steward/exit_codes.hpp"
#include "steward/misuse.hpp"
#include "steward/stop_callback.hpp"

#include <cerrno>
#include <span>
#include <utility>

namespace steward {
namespace {

std::string executable_name() {
#ifdef __GLIBC__
  return program_invocation_short_name;
#else
  return "app";
#endif
}

}  // namespace

service::service(steward::scheduler& on, runnable what, const service_options& options, end_function on_end)
    : waiter(&life_ended, &on),
      name_(options.name.empty() ? executable_name() : options.name),
      options_(options),
      root_(on),
      what_(std::move(what)),
      app_(
          until_forced_, [this](context& ctx, callback ready) { return observe(ctx, ready); }, name_),
      escalation_(options.graceful, options.forced),
      on_end_(std::move(on_end)),
      watcher_([this] { watch(); }) {}

service::~service() {
  {
    const std::lock_guard guard(mutex_);
    if (launched_ && !over_) report_misuse("service", name_, "destroyed before it has ended");
    leave_ = true;
    changed_.notify_all();
  }
  watcher_.join();
}

void service::launch() noexcept {
  {
    const std::lock_guard guard(mutex_);
    if (std::exchange(launched_, true)) return;
  }
  life_ = life();
  if (!life_.start(*this)) life_ended(*this);
}

result<> service::start() {
  launch();
  std::unique_lock guard(mutex_);
  changed_.wait(guard, [this] { return started_ || end_; });
  return started_ ? *started_ : end_->outcome;
}

void service::request_stop(std::optional<std::chrono::nanoseconds> graceful) noexcept {
  std::unique_lock guard(mutex_);
  const auto what = escalation_.asked(std::chrono::steady_clock::now(), graceful);
  changed_.notify_all();
  guard.unlock();
  perform(what);
}

service_end service::wait() {
  std::unique_lock guard(mutex_);
  changed_.wait(guard, [this] { return end_.has_value(); });
  return *end_;
}

// Nobody stops the root: the process is forced by itself, so that these waits last until it has really ended.
task<> service::life() {
  result<> started = co_await app_.start(root_);
  {
    const std::lock_guard guard(mutex_);
    started_ = std::move(started);
    changed_.notify_all();
  }
  (void)co_await app_.done(root_);
  co_return {};
}

void service::life_ended(work& self) noexcept {
  auto& me = static_cast<service&>(static_cast<waiter&>(self));
  result<> lived = me.life_.take();
  const std::lock_guard guard(me.mutex_);
  if (!me.started_) me.started_ = std::move(lived);
  me.over_ = true;
  me.changed_.notify_all();  // with the lock held: who is told may destroy this
}

task<> service::observe(context& ctx, callback ready) {
  own_ = &ctx;
  const stop_callback forced(ctx, [this]() noexcept { wind_down_began(); });
  {
    std::unique_lock guard(mutex_);
    const bool asked_before = escalation_.where() != detail::escalation::phase::running;
    guard.unlock();
    if (asked_before) app_.request_stop();
  }
  if (const auto why = ctx.stop_error()) co_return *why;
  const auto use = [this, ready](context& handed) -> task<> {
    result<> outcome = co_await ready(handed);
    wind_down_began();
    co_return outcome;
  };
  result<> outcome = co_await what_.run(ctx, use);
  stopped_in_the_end_ = ctx.is_stopped();
  co_return outcome;
}

void service::wind_down_began() noexcept {
  const std::lock_guard guard(mutex_);
  escalation_.began(std::chrono::steady_clock::now());
  changed_.notify_all();
}

// Without the lock: a stop calls back into this object.
void service::perform(detail::escalation::action what) noexcept {
  if (what == detail::escalation::action::ask) app_.request_stop();
  if (what != detail::escalation::action::force) return;
  app_.force(stop_reason::deadline);
  until_forced_.stop(stop_reason::deadline);  // whoever was asked while it started, and has time until now
}

void service::watch() noexcept {
  std::unique_lock guard(mutex_);
  auto what = detail::escalation::action::none;
  while (!over_ && !leave_ && what != detail::escalation::action::give_up) {
    if (const auto next = escalation_.next())
      changed_.wait_until(guard, *next);
    else
      changed_.wait(guard);
    what = escalation_.time_passed(std::chrono::steady_clock::now());
    guard.unlock();
    perform(what);
    guard.lock();
  }
  if (leave_) return;
  const bool gave_up = !over_;
  guard.unlock();
  const service_end end = judge(gave_up);
  try {
    if (on_end_) on_end_(end);
  } catch (...) {
    (void)current_exception_error();
  }
  guard.lock();
  end_ = end;
  changed_.notify_all();
}

service_end service::judge(bool gave_up) const {
  const std::lock_guard guard(mutex_);
  service_end end;
  if (!gave_up) {
    end.outcome = verdict();
    end.code = end.outcome ? exit_codes::success : exit_codes::failed;
    return end;
  }
  end.code = exit_codes::stragglers;
  end.outcome = fail(error("given up: has not ended within " + duration_text(options_.forced) + " of being forced"));
  end.left = running();
  return end;
}

result<> service::verdict() const {
  using enum detail::escalation::phase;
  std::optional<error> why = app_.err();
  if (why && own_ != nullptr && why->is_echo_of(own_)) why.reset();
  if (escalation_.where() == forced && stopped_in_the_end_) {
    const std::string how =
        escalation_.timed_out() ? "not stopped within " + duration_text(escalation_.graceful_limit()) : "asked to stop a second time";
    const error was_forced(make_error_code(errc::stopped), "forced: " + how);
    return fail(why ? was_forced.with_lost(std::span(&*why, 1)) : was_forced);
  }
  if (why) return fail(*why);
  if (escalation_.where() == detail::escalation::phase::running && !*started_) return fail(errc::ended_before_ready);
  return {};
}

}  // namespace steward
