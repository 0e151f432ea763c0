// SPDX-License-Identifier: Apache-2.0
//
// The life of one entry, from its first start to its last end. Everything here runs on the manager's strand.
#pragma once

#include "steward/manager.hpp"

#include <algorithm>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

namespace steward {

template <class Key, class Value>
void manager<Key, Value>::begin(entry& e) {
  e.erase = false;
  e.on = strand_;
  e.has_place = true;
  ++starting_;
  if (e.cause == detail::start_cause::policy) detail::mark(e, &entry::restarts, e.restarts + 1);
  detail::take_number(e);
  if (detail::planted(detail::bug::budget_forgotten)) e.history.recent.clear();
  occupy(e);
  set_state(e, row_state::starting);
  // What has outlived a manager lives from here on: whatever is said of its key, it is said to.
  const bool lives_already = e.outlived && e.cause == detail::start_cause::row;
  auto bringing_up = bring_up(e);
  if (lives_already ? std::move(bringing_up).start_here(*strand_) : std::move(bringing_up).start(*strand_)) return;
  started(e, fail(errc::out_of_memory));
  leave(e);
}

// A start in the background.
template <class Key, class Value>
detail::detached manager<Key, Value>::bring_up(entry& e) {
  if (e.cause != detail::start_cause::row && e.follows == sequel::by_policy) (void)co_await reread_row(e);
  // It was recalled, and its row cannot be read: whoever reads it starts it.
  if (!e.value && e.follows == sequel::by_policy) detail::mark(e, &entry::follows, sequel::stopped);
  result<> outcome = fail(errc::stopped);
  if (e.follows == sequel::by_policy && !e.outlived && lacks_someone(e)) detail::mark(e, &entry::follows, sequel::start_again);  // it waits again
  if (e.follows == sequel::by_policy && !ending_) outcome = prepare(e);
  if (e.life) outcome = co_await e.life->start(*ctx_);
  started(e, outcome);
  leave(e);
}

// Makes the next incarnation, without starting it.
template <class Key, class Value>
result<> manager<Key, Value>::prepare(entry& e) {
  if (!e.value) return fail(errc::unreadable);
  const bool was_ready = e.outlived && e.ready_at != instant{};  // it is ready since then; when it was started is not remembered
  e.started_at = was_ready ? e.ready_at : e.since;
  if (!was_ready) e.ready_at = {};
  detail::pardon(e);
  e.has_number = false;
  try {
    result<runnable> made = make_(e.key, *e.value);
    if (!made) return fail(std::move(made.error()));
    e.life = make_process(e.key, detail::perhaps_two(std::move(*made)));
    if (e.outlived) outlived_.push_back(e.key);
    note_requirements(e);
    set_deadline(e, &process_deadlines::start, strand_->now());
  } catch (...) {
    return fail(current_exception_error());
  }
  return {};
}

template <class Key, class Value>
std::unique_ptr<process> manager<Key, Value>::make_process(const Key& key, runnable what) {
  if constexpr (std::is_convertible_v<const Key&, std::string_view>)
    return std::make_unique<process>(*ctx_, std::move(what), std::string_view(key));
  else
    return std::make_unique<process>(*ctx_, std::move(what));
}

// A start has come to its end, one way or the other.
template <class Key, class Value>
void manager<Key, Value>::started(entry& e, const result<>& outcome) {
  if (std::exchange(e.has_place, false)) --starting_;
  if (e.state == row_state::starting) detail::drop_alarm(e);
  if (e.life) e.outlived = false;
  if (outcome) {
    const instant now = strand_->now();
    if (e.ready_at == instant{}) e.ready_at = now;
    if (e.state == row_state::starting) {
      set_state(e, row_state::running, now);
      start_those_waiting_for(e.key);
    }
    if (!e.life->watch(e.watch)) e.gone = true;
  } else {
    if (!e.life) e.failure = outcome.error();
    e.gone = true;
  }
  settle_initial(e);
  start_those_held_back();
}

template <class Key, class Value>
void manager<Key, Value>::settle_initial(entry& e) {
  if (std::exchange(e.initial, false)) --initial_;
  if (settled_ != nullptr && passes_ > 0 && initial_ == 0) settled_->stop();
}

// Whatever an entry does, it comes to an end, and no policy says what follows. One that does not live stays down.
template <class Key, class Value>
void manager<Key, Value>::wind_down(entry& e, sequel then, const Key* because_of) {
  if (then != sequel::with_group) go_alone(e);
  switch (e.state) {
    case row_state::stopping:
    case row_state::abandoned:
      detail::mark(e, &entry::follows, then);
      return request_stop(e);
    case row_state::starting:
    case row_state::running:
      detail::mark(e, &entry::follows, then);
      if (because_of != nullptr) detail::blame(e, *because_of);
      set_state(e, row_state::stopping);
      if (e.reading != nullptr) e.reading->stop();
      stop_those_that_require(e);
      return request_stop(e);
    case row_state::backoff:
      detail::drop_alarm(e);
      break;
    case row_state::waiting:
      settle_initial(e);
      break;
    case row_state::stopped:
    case row_state::completed:
    case row_state::gave_up:
      if (ending_) return;  // that it is done is true beyond this run
      break;
  }
  if (e.state != row_state::stopped) set_state(e, row_state::stopped);
  rest(e);
}

// Asks the process itself, once, and not before those are gone that must be gone first.
template <class Key, class Value>
void manager<Key, Value>::request_stop(entry& e) {
  if (e.dependents != 0 || !e.life || e.request != detail::end_request::none) return;
  detail::mark(e, &entry::request, detail::end_request::stop);
  e.asked_at = strand_->now();
  set_deadline(e, &process_deadlines::stop, e.asked_at);
  e.life->request_stop();
}

template <class Key, class Value>
void manager<Key, Value>::occupy(entry& e) noexcept {
  if (e.users++ == 0 && !std::exchange(e.busy, true)) ++busy_;
}

template <class Key, class Value>
void manager<Key, Value>::leave(entry& e) {
  --e.users;
  if (e.users != 0) return;
  if (e.gone)
    after_end(e);
  else
    rest(e);
}

// An entry may have come to rest. One that is to be forgotten is gone after this.
template <class Key, class Value>
void manager<Key, Value>::rest(entry& e) {
  if (!e.at_rest()) return;
  if (std::exchange(e.busy, false)) --busy_;
  const bool lives_on = e.state == row_state::waiting || e.state == row_state::backoff;
  if (e.erase && !lives_on) forget(e);
  check_idle();
}

template <class Key, class Value>
void manager<Key, Value>::process_gone(work& self) noexcept {
  auto& e = static_cast<entry&>(static_cast<waiter&>(self));
  e.gone = true;
  if (e.hands_over && e.reading != nullptr) e.reading->stop();  // there is nothing left to hand a row to, or to take the place of
  if (e.users == 0) e.owner.after_end(e);
}

// How the present incarnation has ended, before its process is let go.
template <class Key, class Value>
exit manager<Key, Value>::exit_of(const entry& e) const {
  end_facts facts;
  facts.asked = e.follows != sequel::by_policy;
  facts.late = e.request == detail::end_request::late_start;
  facts.forced = e.life && e.life->was_forced();
  facts.was_ready = e.ready_at != instant{};
  facts.failure = e.life ? e.life->err() : e.failure.copy();
  exit ended;
  ended.reason = reason_of(facts);
  ended.cause = facts.failure;
  ended.started_at = e.started_at;
  if (facts.was_ready) ended.ready_at = e.ready_at;
  ended.ended_at = strand_->now();
  return ended;
}

template <class Key, class Value>
void manager<Key, Value>::after_end(entry& e) {
  detail::drop_alarm(e);
  if (e.life && e.inherited != sequel::by_policy) {
    const sequel then = std::exchange(e.inherited, sequel::by_policy);
    if (e.follows == sequel::by_policy) detail::mark(e, &entry::follows, then);
    if (e.follows == sequel::stopped && then == sequel::stopped) detail::mark(e, &entry::parked, true);
  }
  const exit ended = exit_of(e);
  if (e.life) release_those_before(e);
  e.life.reset();
  e.gone = false;
  if (e.request != detail::end_request::none) detail::mark(e, &entry::request, detail::end_request::none);
  e.dependents = 0;
  e.failure = {};
  sequel_facts facts;
  facts.said = e.follows;
  facts.for_good = ending_ || e.erase;
  facts.awaited = e.cause == detail::start_cause::hand && !ended.ready_at;
  if (is_ordered(e.follows)) detail::mark(e, &entry::follows, sequel::by_policy);
  const bool came_to_life = !e.has_number;
  const bool is_news = !ending_ || !ended.clean() || e.last;  // a first end that is clean and the last of all is not worth its memory
  if (came_to_life && is_news) detail::mark(e, &entry::last, std::make_unique<exit>(ended));
  const instant at = *ended.ended_at;
  const exit* const told = came_to_life ? &ended : nullptr;
  switch (decide_sequel(facts)) {
    case sequel::start_again:
      set_state(e, row_state::stopped, at, told);
      e.cause = detail::start_cause::resumed;
      launch(e);
      break;
    case sequel::with_group:
      back_off(e, std::max(e.group->until, at), at, told);
      check_group(*e.group);
      break;
    case sequel::stopped:
      set_state(e, row_state::stopped, at, told);
      break;
    case sequel::gave_up:
      set_state(e, row_state::gave_up, at, told);
      break;
    case sequel::by_policy:
      follow_policy(e, ended);
      break;
  }
  if (facts.said == sequel::by_policy) stop_those_that_require(e);
  start_those_held_back();
  rest(e);
}

}  // namespace steward
