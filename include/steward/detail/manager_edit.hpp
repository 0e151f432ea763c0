// SPDX-License-Identifier: Apache-2.0
//
// Edits that a process lives through. Everything here runs on the manager's strand.
#pragma once

#include "steward/deadline_context.hpp"
#include "steward/detail/contained.hpp"
#include "steward/detail/yield.hpp"
#include "steward/manager.hpp"
#include "steward/process_wait.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace steward {

/// Of two that live of a key the one that has to go: told to those who ask, from then on and for as long as this exists. On the strand.
template <class Key, class Value>
class manager<Key, Value>::leftover {
 public:
  leftover(manager& of, entry& e, process& what, std::uint64_t incarnation) noexcept : of_(of), entry_(e), shown_{what, incarnation} {}
  leftover(const leftover&) = delete;
  leftover& operator=(const leftover&) = delete;
  ~leftover() {
    detail::alarm<leftover>::drop(late_);
    if (entry_.leftover == nullptr) return;
    detail::mark(entry_, &entry::leftover, nullptr);
    of_.count(row_states, -1);
  }

  void has_to_go() noexcept { show(false); }
  void was_forced() noexcept { show(true); }

  /// It was forced, and is not gone in time.
  void give_up() {
    if (of_.ctx_->is_stopped()) return;  // everything is forced
    show(true);
    {
      const std::lock_guard guard(entry_.shard);
      shown_.since = of_.strand_->now();
    }
    of_.report(&entry_.key, error("replace: incarnation " + std::to_string(shown_.incarnation) + " was forced to end and is not gone"));
  }

  /// The same at that time, unless this is gone by then.
  void give_up_at(instant time) {
    if (time == instant::max()) return;
    late_ = detail::alarm<leftover>::set(
        *of_.strand_, time,
        [](leftover& me) {
          me.late_ = nullptr;
          me.give_up();
        },
        *this);
  }

 private:
  void show(bool forced) noexcept {
    if (entry_.leftover == nullptr) of_.count(row_states, +1);
    const instant now = of_.strand_->now();
    const std::lock_guard guard(entry_.shard);
    if (entry_.leftover == nullptr) shown_.since = now;
    shown_.forced = forced;
    entry_.leftover = &shown_;
  }

  manager& of_;
  entry& entry_;
  detail::manager_leftover shown_;
  detail::alarm<leftover>* late_ = nullptr;
};

namespace detail {

/// Whether a row that is handed to what runs is still of use: neither has it ended nor is it, or all of them, to stop.
template <class Key, class Value>
[[nodiscard]] bool goes_on(const manager_entry<Key, Value>& e, const context& until_asked) noexcept {
  return e.state == row_state::running && !e.gone && !until_asked.is_stopped();
}

}  // namespace detail

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
    if (e.state == row_state::starting) set_deadline(e, &process_deadlines::start, e.since);  // what has outlived a manager was started long before
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
  context until_asked(*pass_ctx_);
  if (detail::goes_on(e, until_asked)) {
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
  if (!detail::goes_on(e, ctx)) co_return {};
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
  const process_deadlines limits_of_heir = asked_of(options_.deadlines, e.key, *found.value);
  std::unique_ptr<process> heir = make_process(e.key, std::move(*made));
  {
    leftover late(*this, e, *heir, e.incarnation + 1);
    const instant due = deadline_after(strand_->now(), limits_of_heir.start);
    late.give_up_at(deadline_after(due, limits_of_heir.kill));
    deadline_context in_time(ctx, due);
    e.hands_over = true;
    result<> ready = co_await heir->start(in_time);
    e.hands_over = false;
    if (!ready) co_return ready.error().prefixed("replace: ");
  }
  const bool lacks = lacks_requirement(e, *found.value);  // lost since it was found to run
  if (lacks || !detail::goes_on(e, ctx)) {
    {
      leftover unneeded(*this, e, *heir, e.incarnation + 1);
      auto seen_off = see_off(unneeded, *heir, limits_of_heir.kill);
      (void)co_await std::move(seen_off);
    }
    if (!detail::goes_on(e, ctx)) co_return {};
    e.reading = nullptr;
    wind_down(e, sequel::start_again);
    co_return {};
  }
  heir.swap(e.life);
  leftover before(*this, e, *heir, e.incarnation);
  detail::mark(e, &entry::incarnation, e.incarnation + 1);
  keep(e, std::move(found));
  e.inherited = sequel::by_policy;  // that was for the former one
  e.started_at = e.ready_at = strand_->now();
  before.has_to_go();
  set_state(e, row_state::running);
  if (!detail::planted(detail::bug::predecessor_kept)) heir->request_stop();
  result<> gone;
  {
    deadline_context in_time(*ctx_, deadline_after(strand_->now(), limits.stop));
    gone = co_await heir->done(in_time);
  }
  if (!gone) {
    auto seen_off = see_off(before, *heir, limits.kill);
    (void)co_await std::move(seen_off);
  }
  // What waits for the end of the process is still on the list of the first.
  while (!e.gone) co_await detail::yield();
  e.gone = !e.life->watch(e.watch);
  co_return {};
}

// It is forced, and in the end reported as what it is, left over. Edits wait until it is gone.
template <class Key, class Value>
task<> manager<Key, Value>::see_off(leftover& who, process& what, std::chrono::nanoseconds kill) {
  who.was_forced();
  what.force(stop_reason::deadline);
  {
    deadline_context in_time(*ctx_, deadline_after(strand_->now(), kill));
    result<> gone = co_await what.done(in_time);
    if (gone) co_return {};
  }
  who.give_up();
  co_await detail::gone_awaiter(what);
  co_return {};
}

}  // namespace steward
