// SPDX-License-Identifier: Apache-2.0
//
// Those who come to a manager from outside, and what they ask: start and stop.
#pragma once

#include "steward/manager.hpp"
#include "steward/process_wait.hpp"
#include "steward/root_context.hpp"
#include "steward/wait.hpp"

namespace steward {

/// Counts one who has come from outside onto the strand. The run does not end before they have left.
template <class Key, class Value>
class manager<Key, Value>::visit {
 public:
  explicit visit(manager* of) noexcept : of_(of) {}
  visit(visit&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  visit& operator=(visit&&) = delete;
  ~visit() {
    if (of_ != nullptr) of_->depart();
  }

 private:
  manager* of_;
};

template <class Key, class Value>
bool manager<Key, Value>::enter() noexcept {
  const std::lock_guard guard(lock_);
  if (!accepting_) return false;
  ++callers_;
  return true;
}

template <class Key, class Value>
void manager<Key, Value>::depart() noexcept {
  const std::lock_guard guard(lock_);
  --callers_;
  if (!accepting_) post_look();
}

template <class Key, class Value>
auto manager<Key, Value>::start(context& ctx, Key key) -> task<value_pointer> {
  if (!enter()) co_return errc::manager_not_running;
  auto inside = start_on_strand(visit(this), ctx, key);
  co_return co_await std::move(inside).on(*strand_);
}

template <class Key, class Value>
auto manager<Key, Value>::start_on_strand(visit, context& ctx, const Key& key) -> task<value_pointer> {
  entry* at = &obtain(key);
  while (is_going(at->state)) {
    context until_gone(ctx);
    const auto place = waiting_for_end_.emplace(key, &until_gone);
    co_await until_gone.stopped();
    waiting_for_end_.erase(place);
    if (auto why = ctx.stop_error()) co_return std::move(*why);
    at = &obtain(key);
  }
  entry& e = *at;
  if (ending_) co_return errc::manager_not_running;
  if (e.state == row_state::waiting || e.state == row_state::starting || e.state == row_state::running) co_return errc::process_exists;
  detail::drop_alarm(e);
  go_alone(e);
  const row_state before = is_settled(e.state) ? e.state : row_state::stopped;
  e.erase = false;
  e.cause = detail::start_cause::hand;
  e.on = strand_;
  detail::take_number(e);
  occupy(e);
  set_state(e, row_state::starting);
  auto claimed = co_await read_claimed(e, ctx);
  if (!claimed) {
    e.erase = claimed.error().is(errc::not_found);
    go_alone(e);
    detail::mark(e, &entry::follows, sequel::by_policy);
    set_state(e, before);
    leave(e);
    co_return std::move(claimed.error());
  }
  result<> outcome = prepare(e);
  if (outcome) outcome = co_await e.life->start(ctx);
  const value_pointer value = e.value;
  started(e, outcome);
  leave(e);
  if (!outcome) co_return outcome.error().prefixed("start process: ");
  co_return value;
}

// Reads the row of an entry that is being started by hand, under the caller's context.
template <class Key, class Value>
task<> manager<Key, Value>::read_claimed(entry& e, context& ctx) {
  context reading(ctx);
  e.reading = &reading;
  auto found = co_await read(reading, e.key);
  e.reading = nullptr;
  if (ending_) co_return errc::manager_not_running;
  if (e.follows != sequel::by_policy) co_return error::stopped(stop_reason::requested);
  if (!found) co_return found.error().prefixed("get process from table: ");
  e.noticed = found->generation;  // or an older answer that is still on its way would count
  if (found->wanted == wanted::down) co_return errc::invalid_state;
  take_row(e, std::move(*found));
  forget_failures(e);
  co_return {};
}

template <class Key, class Value>
auto manager<Key, Value>::stop(context& ctx, Key key) -> task<> {
  if (!enter()) co_return errc::process_not_found;
  auto inside = stop_on_strand(visit(this), ctx, key);
  co_return co_await std::move(inside).on(*strand_);
}

template <class Key, class Value>
task<> manager<Key, Value>::stop_on_strand(visit, context& ctx, const Key& key) {
  entry* const found = entries_.find(key);
  if (found == nullptr) co_return errc::process_not_found;
  entry& e = *found;
  if (detail::planted(detail::bug::stop_lost_in_start) && e.state == row_state::starting) co_return {};
  switch (e.state) {
    case row_state::stopped:
    case row_state::completed:
    case row_state::gave_up:
      co_return errc::process_not_found;
    case row_state::waiting:
    case row_state::backoff:
      wind_down(e, sequel::stopped);
      co_return {};
    case row_state::stopping:
    case row_state::abandoned:
      if (e.follows == sequel::stopped || e.follows == sequel::gave_up) co_return errc::process_not_found;
      break;
    case row_state::starting:
    case row_state::running:
      break;
  }
  if (e.life && e.life->contains(ctx)) co_return errc::would_wait_for_itself;
  wind_down(e, detail::planted(detail::bug::stop_undone) ? sequel::start_again : sequel::stopped);
  if (!e.life) co_return {};
  if (detail::planted(detail::bug::stop_does_not_wait)) co_return {};
  occupy(e);
  result<> outcome = co_await e.life->done(ctx);
  if (!outcome) {
    force(e, stop_reason::requested);
    co_await detail::gone_awaiter(*e.life);
  }
  if (const auto why = e.life->err(); outcome && why && !why->is_echo_of(&e.life->own_)) outcome = fail(why->prefixed("run: "));
  const bool is_alone = !e.editing;
  leave(e);
  if (!is_alone) {  // another one of the key may be left, which was to take its place, or had
    auto waiting = wait_until_gone(ctx, key);
    const auto waited = co_await std::move(waiting);
    if (outcome) outcome = waited;
  }
  co_return outcome;
}

// Whatever is left of a key is to be gone. What is not when the caller's context stops is forced, and waited for.
template <class Key, class Value>
task<> manager<Key, Value>::wait_until_gone(context& ctx, const Key& key) {
  result<> outcome;
  root_context forced(ctx_->scheduler());
  for (entry* e = entries_.find(key); e != nullptr && is_going(e->state); e = entries_.find(key)) {
    context until_gone(outcome ? ctx : static_cast<context&>(forced));
    const auto place = waiting_for_end_.emplace(key, &until_gone);
    co_await until_gone.stopped();
    waiting_for_end_.erase(place);
    auto why = ctx.stop_error();
    if (!outcome || !why) continue;
    outcome = fail(std::move(*why));
    e = entries_.find(key);
    if (e != nullptr && is_going(e->state)) force(*e, stop_reason::requested);
  }
  co_return outcome;
}

template <class Key, class Value>
void manager<Key, Value>::reconcile_now() noexcept {
  const std::lock_guard guard(lock_);
  if (accepting_) post_look();
}

}  // namespace steward
