// SPDX-License-Identifier: Apache-2.0
//
// What a manager does when an entry has ended by itself, or does not keep its deadlines. Everything here runs on the manager's strand.
#pragma once

#include "steward/detail/contained.hpp"
#include "steward/detail/spread.hpp"
#include "steward/manager.hpp"
#include "steward/overdue.hpp"

#include <algorithm>
#include <utility>

namespace steward {

// What the user's function says of a key or of its row; its default where there is none, and where it throws.
template <class Key, class Value>
template <class F, class... Values>
std::invoke_result_t<const F&, const Key&, const Values&...> manager<Key, Value>::asked_of(const F& function, const Key& key, const Values&... of) {
  if (!function) return {};
  auto answer = detail::contained([&] { return function(key, of...); });
  if (answer) return std::move(*answer);
  report(&key, answer.error());
  return {};
}

template <class Key, class Value>
template <class F>
auto manager<Key, Value>::asked_of(const F& function, const entry& e) -> std::invoke_result_t<const F&, const Key&, const Value&> {
  if (!function || !e.value) return {};
  return asked_of(function, e.key, *e.value);
}

template <class Key, class Value>
void manager<Key, Value>::follow_policy(entry& e, const exit& ended) {
  const restart_policy policy = asked_of(options_.policy, e);
  restart_decision decision = decide_restart(policy, std::move(e.history), ended, detail::draw_spread(options_.spread));
  e.history = std::move(decision.history);
  if (detail::planted(detail::bug::backoff_skipped)) decision.delay = {};
  e.counted = policy.budget.has_value();
  if (decision.what == verdict::completed) return set_state(e, row_state::completed, *ended.ended_at, &ended);
  if (e.group != nullptr) {
    const group_policy of_group = policy_of_group(e);
    const group_decision whole = decide_for_group(e, of_group, decision, ended);
    if (whole.together) return follow_together(e, of_group, whole, ended);
    decision.what = whole.what;
    decision.delay = whole.delay;
  }
  if (decision.what == verdict::gave_up) return set_state(e, row_state::gave_up, *ended.ended_at, &ended);
  back_off(e, later(*ended.ended_at, decision.delay), *ended.ended_at, &ended);
  if (decision.delay.count() == 0) return launch(e);
  e.alarm = detail::alarm<entry>::set(*strand_, e.until, &alarm_over, e);
}

// It will be started again at that time, by a launch that is the caller's to see to.
template <class Key, class Value>
void manager<Key, Value>::back_off(entry& e, instant until, instant at, const exit* ended) {
  e.cause = detail::start_cause::policy;
  detail::mark(e, &entry::until, until);
  set_state(e, row_state::backoff, at, ended);
}

// No delay is longer than the longest of its policies: one that a store has remembered may be, when the clock has been set back since.
template <class Key, class Value>
void manager<Key, Value>::bound_backoff(entry& e) {
  std::chrono::nanoseconds longest = asked_of(options_.policy, e).delays.max;
  if (e.group != nullptr) longest = std::max(longest, policy_of_group(e).restart.delays.max);
  const instant latest = later(strand_->now(), longest);
  if (e.until <= latest) return;
  wake_at(e, latest);
}

// What becomes of it then says `alarm_over`.
template <class Key, class Value>
void manager<Key, Value>::wake_at(entry& e, instant at) {
  detail::drop_alarm(e);
  detail::mark(e, &entry::until, at);
  e.alarm = detail::alarm<entry>::set(*strand_, at, &alarm_over, e);
}

template <class Key, class Value>
void manager<Key, Value>::set_deadline(entry& e, std::chrono::nanoseconds process_deadlines::* phase, instant from) {
  detail::drop_alarm(e);
  if (detail::planted(detail::bug::deadline_ignored)) return;
  const std::chrono::nanoseconds limit = asked_of(options_.deadlines, e).*phase;
  if (limit.count() > 0) wake_at(e, later(from, limit));
}

// The row of one that stops has been edited: it does not take it any more, but for a shorter time to stop in.
template <class Key, class Value>
void manager<Key, Value>::hasten(entry& e, const Value& edited) {
  if (e.request != detail::end_request::stop || e.ready_at == instant{}) return;  // what was still starting is forced already
  const instant at = stop_until(e.asked_at, e.until, asked_of(options_.deadlines, e.key, edited).stop);
  if (at != e.until) wake_at(e, at);
}

template <class Key, class Value>
void manager<Key, Value>::alarm_over(entry& e) {
  e.alarm = nullptr;
  manager& of = e.owner;
  switch (e.state) {
    case row_state::backoff:
      return of.launch(e);
    case row_state::starting:
      return of.late_at_start(e);
    case row_state::stopping:
      return is_forced(e.request) ? of.set_state(e, row_state::abandoned) : of.force(e, stop_reason::deadline);
    default:
      return;
  }
}

template <class Key, class Value>
void manager<Key, Value>::late_at_start(entry& e) {
  if (!e.life || e.life->state() == process_state::running) return;  // ready at this very instant
  set_state(e, row_state::stopping);
  stop_those_that_require(e);  // they have outlived a manager as it has, or were started by hand
  force(e, stop_reason::deadline, detail::end_request::late_start);
}

template <class Key, class Value>
void manager<Key, Value>::force(entry& e, stop_reason why, detail::end_request how) {
  if (!e.life || is_forced(e.request)) return;
  detail::mark(e, &entry::request, how);
  set_deadline(e, &process_deadlines::kill, strand_->now());
  if (e.leftover != nullptr) e.leftover->what.force(why);
  e.life->force(why);
}

// A total deadline is over: that of the first starts, or one of the two of the end.
template <class Key, class Value>
void manager<Key, Value>::total_over(manager& of) {
  of.total_ = nullptr;
  of.entries_.each([&of](entry& e) {
    overdue_facts facts;
    facts.state = e.state;
    facts.ending = of.ending_;
    facts.first_start = e.initial;
    facts.lives = e.life != nullptr;
    facts.forced = of.total_forced_;  // nobody has begun to live since
    switch (decide_overdue(facts)) {
      case overdue_action::nothing:
        return;
      case overdue_action::start_is_late:
        return of.late_at_start(e);
      case overdue_action::force:
        e.dependents = 0;
        of.wind_down(e, sequel::stopped);
        return of.force(e, stop_reason::deadline);
      case overdue_action::abandon:
        return of.set_state(e, row_state::abandoned);
    }
  });
  if (!of.ending_ || std::exchange(of.total_forced_, true)) return;
  of.set_total(of.options_.total.stop - total_deadlines::graceful(of.options_.total.stop));
}

template <class Key, class Value>
void manager<Key, Value>::set_total(std::chrono::nanoseconds limit) {
  detail::alarm<manager>::drop(std::exchange(total_, nullptr));
  if (limit.count() > 0) total_ = detail::alarm<manager>::set(*strand_, later(strand_->now(), limit), &total_over, *this);
}

}  // namespace steward
