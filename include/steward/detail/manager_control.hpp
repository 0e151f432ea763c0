// SPDX-License-Identifier: Apache-2.0
//
// Those who come to a manager from outside, and what they ask: start, stop, and what is known.
#pragma once

#include "steward/detail/yield.hpp"
#include "steward/manager.hpp"
#include "steward/process_wait.hpp"
#include "steward/wait.hpp"

namespace steward {

namespace detail {
inline constexpr std::chrono::nanoseconds between_looks_at_a_read = std::chrono::milliseconds(1);

}  // namespace detail

/// Counts one who has come from outside onto the strand. The run does not end before they have left.
template <class Key, class Value>
class manager<Key, Value>::visit {
 public:
  explicit visit(manager* of) noexcept : of_(of) {}
  visit(visit&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  visit& operator=(visit&&) = delete;
  ~visit() {
    if (of_ == nullptr) return;
    const std::lock_guard guard(of_->lock_);
    --of_->callers_;
    if (!of_->accepting_) of_->post_look();
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
auto manager<Key, Value>::start(context& ctx, Key key) -> task<value_pointer> {
  if (!enter()) co_return errc::manager_not_running;
  auto inside = start_on_strand(visit(this), ctx, key);
  co_return co_await std::move(inside).on(*strand_);
}

template <class Key, class Value>
auto manager<Key, Value>::start_on_strand(visit, context& ctx, const Key& key) -> task<value_pointer> {
  entry* at = &obtain(key);
  while (at->state == row_state::stopping || at->state == row_state::abandoned) {
    // What stops has a process, or is a start whose row is still being read: that is rare, and is asked for again.
    occupy(*at);
    if (at->life)
      (void)co_await at->life->done(ctx);
    else
      (void)co_await ctx.sleep_for(detail::between_looks_at_a_read);
    leave(*at);  // before the others get their turn: the last to leave makes it over
    co_await detail::yield();
    if (auto why = ctx.stop_error()) co_return std::move(*why);
    at = &obtain(key);
  }
  entry& e = *at;
  if (ending_) co_return errc::manager_not_running;
  if (e.state == row_state::waiting || e.state == row_state::starting || e.state == row_state::running) co_return errc::process_exists;
  drop_timer(e);
  const row_state before = is_settled(e.state) ? e.state : row_state::stopped;
  e.asked = e.again = e.erase = e.reread = e.restart = false;
  e.by_hand = true;
  e.on = strand_;
  occupy(e);
  set_state(e, row_state::starting);
  auto claimed = co_await read_claimed(e, ctx);
  if (!claimed) {
    e.by_hand = e.asked = false;
    e.erase = claimed.error().is(errc::not_found);
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
  auto found = co_await table_.get(reading, e.key);
  e.reading = nullptr;
  if (e.asked) co_return error::stopped(stop_reason::requested);
  if (!found) co_return found.error().prefixed("get process from table: ");
  if (found->wanted == wanted::down) co_return errc::invalid_state;
  take_row(e, std::move(*found));
  const std::lock_guard guard(e.shard);
  e.restarts = 0;
  e.history = {};
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
  switch (e.state) {
    case row_state::stopped:
    case row_state::completed:
    case row_state::gave_up:
    case row_state::stopping:
    case row_state::abandoned:
      co_return errc::process_not_found;
    case row_state::waiting:
    case row_state::backoff:
      ask_to_end(e);
      co_return {};
    case row_state::starting:
    case row_state::running:
      break;
  }
  if (!e.life) {
    ask_to_end(e);
    co_return {};
  }
  if (e.life->contains(ctx)) co_return errc::would_wait_for_itself;
  e.asked = true;
  e.again = false;
  set_state(e, row_state::stopping);
  occupy(e);
  result<> outcome = co_await e.life->stop(ctx);
  if (!outcome && outcome.error().is(errc::invalid_state)) {
    // It is ending by itself just now.
    outcome = co_await e.life->done(ctx);
    if (!outcome) {
      e.life->force();
      co_await detail::gone_awaiter(*e.life);
    }
    if (const auto why = e.life->err(); outcome && why) outcome = fail(why->prefixed("run: "));
  }
  leave(e);
  co_return outcome;
}

template <class Key, class Value>
auto manager<Key, Value>::get(const Key& key) const -> result<value_pointer> {
  return entries_.look(key, [](const entry* e) -> result<value_pointer> {
    if (e == nullptr) return fail(errc::process_not_found);
    switch (e->state) {
      case row_state::running:
        return e->value;
      case row_state::starting:
      case row_state::stopping:
      case row_state::abandoned:
        return fail(errc::process_not_running);
      default:
        return fail(errc::process_not_found);
    }
  });
}

template <class Key, class Value>
std::optional<row_status<Key>> manager<Key, Value>::status(const Key& key) const {
  std::optional<row_status<Key>> known;
  entries_.look(key, [&](const entry* e) {
    if (e != nullptr) known = status_of(*e);
  });
  if (known) std::erase_if(known->waiting_for, [this](const Key& each) { return runs(each); });
  return known;
}

template <class Key, class Value>
std::vector<std::pair<Key, row_status<Key>>> manager<Key, Value>::snapshot() const {
  std::vector<std::pair<Key, row_status<Key>>> all;
  entries_.each_locked([&](const entry& e) { all.emplace_back(e.key, status_of(e)); });
  for (auto& [key, known] : all) std::erase_if(known.waiting_for, [this](const Key& each) { return runs(each); });
  return all;
}

template <class Key, class Value>
row_status<Key> manager<Key, Value>::status_of(const entry& e) {
  row_status<Key> known;
  known.state = e.state;
  known.generation = e.generation;
  known.incarnation = e.incarnation;
  known.restarts = e.restarts;
  known.since = e.since;
  if (e.state == row_state::backoff) known.until = e.until;
  if (e.last) known.last = *e.last;
  if (e.needs) known.waiting_for = *e.needs;
  return known;
}

template <class Key, class Value>
std::optional<std::pair<instant, error>> manager<Key, Value>::unreadable() const {
  const std::lock_guard guard(lock_);
  return unreadable_;
}

template <class Key, class Value>
std::uint64_t manager<Key, Value>::passes() const {
  const std::lock_guard guard(lock_);
  return passes_;
}

template <class Key, class Value>
void manager<Key, Value>::reconcile_now() noexcept {
  const std::lock_guard guard(lock_);
  if (accepting_) post_look();
}

}  // namespace steward
