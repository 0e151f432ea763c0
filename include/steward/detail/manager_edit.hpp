// SPDX-License-Identifier: Apache-2.0
//
// Edits that a process lives through. Everything here runs on the manager's strand.
#pragma once

#include "steward/deadline_context.hpp"
#include "steward/detail/contained.hpp"
#include "steward/detail/yield.hpp"
#include "steward/manager.hpp"
#include "steward/process_wait.hpp"

#include <utility>

namespace steward {

// The row of an entry that starts or runs has been edited. False: it is to be restarted.
template <class Key, class Value>
bool manager<Key, Value>::follow_edit(entry& e, row<Value>& found) {
  if (e.editing) return true;  // the row is read again after that
  switch (kind_of_edit(e, *found.value)) {
    case row_edit::keep:
      keep(e, std::move(found));
      return true;
    case row_edit::reload:
      return take_over(e, std::move(found), &manager::reload);
    case row_edit::replace:
      return take_over(e, std::move(found), &manager::replace);
    case row_edit::restart:
      return false;
  }
  return false;
}

// What the user's function says, where that can be done: what starts has nothing yet to reload or replace, and what requires more than runs waits.
template <class Key, class Value>
row_edit manager<Key, Value>::kind_of_edit(const entry& e, const Value& now) {
  if (!options_.edit || !e.value) return row_edit::restart;
  auto kind = detail::contained([&] { return options_.edit(e.key, *e.value, now); });
  if (!kind) {
    report(&e.key, kind.error());
    return row_edit::restart;
  }
  if (*kind != row_edit::keep && e.state != row_state::running) return row_edit::restart;
  if (*kind == row_edit::reload && !options_.reload) return row_edit::restart;
  return lacks_requirement(e, now) ? row_edit::restart : *kind;
}

// It goes on, and what is new about its policy holds from now on.
template <class Key, class Value>
void manager<Key, Value>::keep(entry& e, row<Value> found) {
  const std::uint64_t newest = e.noticed;  // it may have been edited again since this was found
  take_row(e, std::move(found));
  e.noticed = newest;
  if (e.life) {
    (void)forget_requirements(e);
    note_requirements(e);
    if (e.state == row_state::starting) set_deadline(e, &process_deadlines::start, e.started_at);
  }
}

template <class Key, class Value>
bool manager<Key, Value>::take_over(entry& e, row<Value> found, task<> (manager::*how)(entry& e, row<Value> found, context& ctx)) {
  e.editing = true;
  occupy(e);
  if (taking_over(e, std::move(found), how).start(*strand_)) return true;
  e.editing = false;
  leave(e);
  return false;
}

template <class Key, class Value>
detail::detached manager<Key, Value>::taking_over(entry& e, row<Value> found, task<> (manager::*how)(entry& e, row<Value> found, context& ctx)) {
  const std::uint64_t tried = found.generation;
  if (e.state == row_state::running && !e.gone) {  // nobody has asked it to end meanwhile
    context until_asked(*pass_ctx_);
    e.reading = &until_asked;
    auto taking = (this->*how)(e, std::move(found), until_asked);
    auto taken = co_await std::move(taking);
    e.reading = nullptr;
    if (!taken && !until_asked.is_stopped()) report(&e.key, taken.error());
  }
  e.editing = false;
  if (e.noticed != tried) take_hint(&e.key);  // it was edited meanwhile, and nothing was done about that
  leave(e);
}

template <class Key, class Value>
task<> manager<Key, Value>::reload(entry& e, row<Value> found, context& ctx) {
  const auto limit = asked_of(options_.deadlines, e.key, *found.value).start;
  deadline_context in_time(ctx, deadline_after(strand_->now(), limit));
  auto made = detail::contained([&] { return options_.reload(in_time, e.key, found.value); });
  result<> outcome = made ? result<>() : fail(made.error());
  e.hands_over = true;
  if (made) outcome = co_await std::move(*made);
  e.hands_over = false;
  if (e.state != row_state::running || e.gone) co_return {};
  const bool lacks = lacks_requirement(e, *found.value);  // lost since it was found to run
  if (!outcome && detail::planted(detail::bug::failed_reload_kept)) co_return {};
  if (!outcome || lacks) {
    e.reading = nullptr;
    wind_down(e, sequel::start_again);
    if (outcome) co_return {};
    co_return outcome.error().prefixed("reload: ");
  }
  if (detail::planted(detail::bug::reload_not_taken)) found.generation = e.generation;
  keep(e, std::move(found));
  set_state(e, row_state::running);
  co_return {};
}

// Two of a key live here, from the start of the second until the first is gone: each phase is under the deadlines of the one that it is about.
template <class Key, class Value>
task<> manager<Key, Value>::replace(entry& e, row<Value> found, context& ctx) {
  result<runnable> made = fail(errc::unreadable);
  auto making = detail::contained([&] { return make_(e.key, *found.value); });
  if (making)
    made = std::move(*making);
  else
    made = fail(making.error());
  if (!made) co_return made.error().prefixed("replace: ");

  const process_deadlines limits = asked_of(options_.deadlines, e);
  const auto limit = asked_of(options_.deadlines, e.key, *found.value).start;
  std::unique_ptr<process> heir = make_process(e.key, std::move(*made));
  {
    deadline_context in_time(ctx, deadline_after(strand_->now(), limit));
    e.hands_over = true;
    result<> ready = co_await heir->start(in_time);
    e.hands_over = false;
    if (!ready) {
      co_await detail::gone_awaiter(*heir);
      co_return ready.error().prefixed("replace: ");
    }
  }
  const bool lacks = lacks_requirement(e, *found.value);          // lost since it was found to run
  const bool has_gone = e.state != row_state::running || e.gone;  // nobody is left to take the place of
  if (has_gone || lacks) {
    heir->force();
    co_await detail::gone_awaiter(*heir);
    if (has_gone) co_return {};
    e.reading = nullptr;
    wind_down(e, sequel::start_again);
    co_return {};
  }
  heir.swap(e.life);
  const std::uint64_t before = e.incarnation;
  {
    auto left = std::make_unique<detail::manager_predecessor>(*heir, before, strand_->now());
    const std::lock_guard guard(e.shard);
    e.before.swap(left);
    ++e.incarnation;
  }
  count(row_states, +1);
  keep(e, std::move(found));
  e.started_at = e.ready_at = strand_->now();
  set_state(e, row_state::running);
  auto seen_off = see_off(e, *heir, limits);
  (void)co_await std::move(seen_off);
  count(row_states, -1);
  detail::mark(e, &entry::before, nullptr);
  // What waits for the end of the process is still on the list of the first.
  while (!e.gone) co_await detail::yield();
  e.gone = !e.life->watch(e.watch);
  co_return {};
}

// The second phase: the first one is asked to stop, forced, and in the end reported as what it is, left over. Edits wait until it is gone.
template <class Key, class Value>
task<> manager<Key, Value>::see_off(entry& e, process& before, process_deadlines limits) {
  if (!detail::planted(detail::bug::predecessor_kept)) before.request_stop();
  {
    deadline_context in_time(*ctx_, deadline_after(strand_->now(), limits.stop));
    result<> gone = co_await before.done(in_time);
    if (gone) co_return {};
  }
  {
    const std::lock_guard guard(e.shard);
    e.before->forced = true;
  }
  before.force(stop_reason::deadline);
  {
    deadline_context in_time(*ctx_, deadline_after(strand_->now(), limits.kill));
    result<> gone = co_await before.done(in_time);
    if (gone) co_return {};
  }
  if (!ctx_->is_stopped()) {
    {
      const std::lock_guard guard(e.shard);
      e.before->since = strand_->now();
    }
    report(&e.key, error("replace: the former incarnation, " + std::to_string(e.before->incarnation) + ", was forced to end and is not gone"));
  }
  co_await detail::gone_awaiter(before);
  co_return {};
}

}  // namespace steward
