// SPDX-License-Identifier: Apache-2.0
//
// The coroutine of the run is a loop over the incarnations; the callback runs beside it. One context, the callback's, tells whether the loop goes on:
// it stops from above, when the callback returns, and when nothing will be started any more. Nothing here may throw while the callback runs.
#include "steward/supervised.hpp"

#include "steward/detail/beside.hpp"
#include "steward/detail/contained.hpp"
#include "steward/detail/first_error.hpp"
#include "steward/detail/spread.hpp"
#include "steward/duration_text.hpp"
#include "steward/exit_reason.hpp"
#include "steward/stop_callback.hpp"
#include "steward/wait.hpp"

#include <optional>
#include <string>

namespace steward {
namespace {

/// The callback of one run, and what has become of the incarnations so far.
class supervision final : public detail::beside {
 public:
  supervision(context& ctx, const supervised_options& how, callback ready) noexcept
      : beside(ctx.scheduler(), &callback_over), use(ctx), how(how), above_(ctx), ready_(ready) {}

  /// An incarnation is ready: the first one calls the callback.
  void ready() noexcept {
    if (!std::exchange(called_, true)) start(ready_(use));
  }

  /// What follows the end of an incarnation. Yields when the next one is due; if there is none, `use` is stopped.
  instant ended(const exit& how_it_ended, bool echo) noexcept;

  /// What the run returns.
  [[nodiscard]] result<> judge() const;

  context use;  // the callback's
  const supervised_options& how;
  std::optional<result<>> outcome;  // of the callback, once it is joined

  [[nodiscard]] bool must_join() const noexcept { return called_ && !outcome; }

 private:
  static void callback_over(beside& self) noexcept { static_cast<supervision&>(self).use.stop(); }
  void decide(const exit& how_it_ended) noexcept;
  void tell(const exit& how_it_ended) const noexcept;
  [[nodiscard]] error gave_up() const;

  const context& above_;
  callback ready_;
  bool called_ = false;
  restart_decision next_;
  exit_reason last_ = exit_reason::completed;  // of the last incarnation, as is the next
  detail::maybe_error failure_;
};

instant supervision::ended(const exit& how_it_ended, bool echo) noexcept {
  failure_ = {};
  if (how_it_ended.cause && !echo) failure_ = *how_it_ended.cause;
  last_ = how_it_ended.reason;
  next_.what = verdict::completed;
  next_.slow = false;
  next_.delay = {};
  if (!use.is_stopped()) decide(how_it_ended);
  tell(how_it_ended);
  if (next_.what != verdict::restart) use.stop(stop_reason::dependency_lost);
  return later(*how_it_ended.ended_at, next_.delay);
}

void supervision::decide(const exit& how_it_ended) noexcept {
  auto decided =
      detail::contained([&] { return decide_restart(how.policy, std::move(next_.history), how_it_ended, detail::draw_spread(how.spread)); });
  if (decided)
    next_ = *std::move(decided);
  else
    failure_ = decided.error();
}

void supervision::tell(const exit& how_it_ended) const noexcept {
  if (!how.after) return;
  try {
    how.after(how_it_ended, next_);
  } catch (...) {
    (void)current_exception_error();  // counted; there is nobody left to tell
  }
}

result<> supervision::judge() const {
  detail::first_error errors;
  if (outcome) errors.add(*outcome);
  const bool stopped_early = !called_ && !use.stop_error()->is_echo_of(&use);
  if (stopped_early) errors.add(*above_.stop_error());
  const bool restart_given_up = called_ && next_.what == verdict::restart;
  if (next_.what == verdict::gave_up)
    errors.add(gave_up());
  else if (failure_.has_value() && !restart_given_up && !(stopped_early && failure_->is_stop()))
    errors.add(*failure_);
  return errors.take();
}

error supervision::gave_up() const {
  const restart_budget& budget = *how.policy.budget;
  const std::string text = "gave up after " + std::to_string(budget.restarts) + (budget.restarts == 1 ? " restart" : " restarts") + " within " +
                           duration_text(budget.window) + ": ";
  if (failure_.has_value()) return failure_->prefixed(text);
  const error clean = last_ == exit_reason::ended_before_ready ? error(errc::ended_before_ready) : error("ended without an error");
  return clean.prefixed(text);
}

/// One incarnation, from `before` to its end.
class incarnation {
 public:
  incarnation(context& ctx, supervision& of, std::uint64_t number) noexcept
      : own_(ctx), run_(of), number_(number), started_at_(ctx.now()), starting_(std::in_place, of.use, forcer(*this)) {}

  task<> live(const runnable_factory& make);

  /// It is gone. Yields when the next one is due.
  instant end(const result<>& outcome) noexcept;

 private:
  /// What the stop of the callback's context does to a start.
  class forcer {
   public:
    explicit forcer(incarnation& of) noexcept : of_(&of) {}
    void operator()() const noexcept { of_->forced_ = of_->own_.stop(); }

   private:
    incarnation* of_;
  };

  task<> in_use(context& handed);

  context own_;
  supervision& run_;
  std::uint64_t number_;
  instant started_at_;
  std::optional<instant> ready_at_;
  bool called_ = false;
  bool forced_ = false;  // its start, by this library
  bool lost_ = false;    // and so is the callback
  std::optional<stop_callback<forcer>> starting_;
};

task<> incarnation::live(const runnable_factory& make) {
  if (run_.how.before) {
    auto begun = run_.how.before(own_, number_);
    co_await or_return(std::move(begun));
  }
  if (const auto why = own_.stop_error()) co_return *why;
  const auto what = make();
  if (!what) co_return what.error();
  const callback ready(this, [](void* self, context& handed) { return static_cast<incarnation*>(self)->in_use(handed); });
  co_return co_await what->run(own_, ready);
}

task<> incarnation::in_use(context& handed) {
  if (std::exchange(called_, true)) co_return errc::callback_already_called;
  starting_.reset();  // from here on it is asked, not forced
  if (handed.is_stopped() || run_.use.is_stopped()) co_return {};
  ready_at_ = handed.now();
  run_.ready();
  context until(handed);
  const auto release = [&until] { until.stop(); };
  {
    const stop_callback asked(run_.use, release);
    (void)co_await until.stopped();
  }
  if (run_.how.on_loss == when_lost::lose) lost_ = run_.use.stop(stop_reason::dependency_lost);
  // Whoever loses its callback waits for it. One that is kept is left to go on by itself.
  if (run_.use.is_stopped() && run_.must_join()) run_.outcome = co_await run_.join();
  co_return {};
}

instant incarnation::end(const result<>& outcome) noexcept {
  starting_.reset();
  end_facts facts;
  facts.asked = run_.use.is_stopped() && !lost_;
  facts.forced = own_.is_stopped();
  facts.was_ready = ready_at_.has_value();
  if (!outcome) facts.failure = outcome.error();
  exit ended;
  ended.reason = reason_of(facts);
  ended.cause = facts.failure;
  ended.started_at = started_at_;
  ended.ready_at = ready_at_;
  ended.ended_at = own_.now();
  const bool echo = forced_ && !outcome && outcome.error().is_echo_of(&own_);
  own_.stop();
  return run_.ended(ended, echo);
}

class supervised_part {
 public:
  supervised_part(runnable_factory make, supervised_options how) : make_(std::move(make)), how_(std::move(how)) {}

  task<> run(context& ctx, callback ready) {
    supervision all(ctx, how_, ready);
    for (std::uint64_t number = 1; !all.use.is_stopped(); ++number) {
      instant due;
      {
        incarnation one(ctx, all, number);
        const result<> outcome = co_await one.live(make_);
        due = one.end(outcome);
      }
      (void)co_await all.use.sleep_until(due);
    }
    if (all.must_join()) all.outcome = co_await all.join();
    co_return all.judge();
  }

 private:
  runnable_factory make_;
  supervised_options how_;
};

}  // namespace

// What is empty is so for good: there is nothing to try again.
runnable supervised(runnable what, supervised_options how) {
  if (!what) return what;
  return supervised([what = std::move(what)]() -> result<runnable> { return what; }, std::move(how));
}

runnable supervised(runnable_factory make, supervised_options how) {
  if (!make) return {};
  return supervised_part(std::move(make), std::move(how));
}

}  // namespace steward
