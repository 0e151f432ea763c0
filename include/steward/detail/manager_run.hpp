// SPDX-License-Identifier: Apache-2.0
//
// The run of a manager: its passes, its end, and those who come from outside. What is on the strand says so.
#pragma once

#include "steward/deadline_context.hpp"
#include "steward/detail/beside.hpp"
#include "steward/detail/manager_life.hpp"
#include "steward/misuse.hpp"
#include "steward/wait.hpp"

namespace steward {

namespace detail {

/// `co_await yield{};` lets what is queued run first.
struct yield {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) const noexcept {
    wake(caller.promise());
  }
  void await_resume() const noexcept {}
};

inline constexpr std::chrono::nanoseconds between_looks_at_a_read = std::chrono::milliseconds(1);

}  // namespace detail

/// Looks at the table sooner than planned, or at whether everything has come to rest. On the strand.
template <class Key, class Value>
class manager<Key, Value>::look_item final : public work {
 public:
  explicit look_item(manager& of) noexcept : work(&run), of_(of) {}

 private:
  static void run(work& self) noexcept {
    manager& of = static_cast<look_item&>(self).of_;
    {
      const std::lock_guard guard(of.lock_);
      of.look_posted_ = false;
    }
    of.look_again_ = true;
    if (of.nap_ != nullptr) of.nap_->stop();
    of.check_idle();
  }

  manager& of_;
};

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

/// The wait for everything to come to rest. On the strand.
template <class Key, class Value>
class manager<Key, Value>::closing {
 public:
  explicit closing(manager& of) noexcept : of_(of) {}
  [[nodiscard]] bool await_ready() const noexcept { return of_.idle(); }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) const noexcept {
    of_.closing_waiter_ = &caller.promise();
  }
  void await_resume() const noexcept {}

 private:
  manager& of_;
};

template <class Key, class Value>
manager<Key, Value>::manager(table<Key, Value>& rows, factory make, options_type options)
    : table_(rows),
      make_(std::move(make)),
      options_(std::move(options)),
      random_(std::random_device()()),
      look_(std::make_unique<look_item>(*this)) {}

template <class Key, class Value>
manager<Key, Value>::~manager() {
  if (strand_ != nullptr) report_misuse("manager", "", "destroyed while it runs");
}

template <class Key, class Value>
task<> manager<Key, Value>::run(context& ctx, callback ready) {
  {
    const std::lock_guard guard(lock_);
    if (ctx_ != nullptr && ctx.descends_from(*ctx_)) co_return errc::would_wait_for_itself;
  }
  if (auto turn = co_await turns_.enter(ctx); !turn) co_return std::move(turn.error());
  detail::strand* const strand = detail::strand::make(ctx.scheduler());
  result<> outcome = fail(errc::out_of_memory);
  if (strand != nullptr) {
    {
      const std::lock_guard guard(lock_);
      strand_ = strand;
      ctx_ = &ctx;
    }
    auto whole = run_on_strand(ctx, ready);
    outcome = co_await std::move(whole).on(*strand);
    {
      const std::lock_guard guard(lock_);
      strand_ = nullptr;
      ctx_ = nullptr;
    }
    strand->let_go();
  }
  turns_.leave();
  co_return outcome;
}

template <class Key, class Value>
task<> manager<Key, Value>::run_on_strand(context& ctx, callback ready) {
  ending_ = first_pass_over_ = false;
  pass_ = 0;
  {
    const std::lock_guard guard(lock_);
    accepting_ = true;
    passes_ = 0;
  }
  result<> outcome;
  context pass(ctx);
  pass_ctx_ = &pass;
  detail::beside all_passes(*strand_);
  {
    deadline_context settled(ctx, options_.initial_wait);
    settled_ = &settled;
    auto looking = keep_looking(pass);
    all_passes.start(std::move(looking).on(*strand_));
    co_await settled.stopped();
    settled_ = nullptr;
  }
  if (auto why = ctx.stop_error())
    outcome = fail(std::move(*why));
  else
    outcome = co_await ready(ctx);
  {
    const std::lock_guard guard(lock_);
    accepting_ = false;
  }
  ending_ = true;
  pass.stop(stop_reason::shutdown);
  end_all();
  if (auto passed = co_await all_passes.join(); !passed) report(nullptr, passed.error());
  co_await closing(*this);
  pass_ctx_ = nullptr;
  co_return outcome;
}

template <class Key, class Value>
task<> manager<Key, Value>::keep_looking(context& pass) {
  constexpr std::chrono::nanoseconds first_retry = std::chrono::seconds(1);
  std::chrono::nanoseconds retry = first_retry;
  while (!pass.is_stopped()) {
    look_again_ = false;
    ++pass_;
    auto looked = co_await look_at_all(pass);
    const instant looked_at = strand_->now();
    if (pass.is_stopped()) break;
    if (looked) looked = co_await look_for_deleted(pass);
    first_pass_over_ = true;
    if (settled_ != nullptr && initial_ == 0) settled_->stop();
    note_readable(looked, pass);
    const auto pause = looked ? options_.interval : std::min(retry, options_.interval);
    retry = looked ? first_retry : std::min(2 * retry, options_.interval);
    if (look_again_) continue;
    deadline_context nap(pass, looked_at + pause);
    nap_ = &nap;
    co_await nap.stopped();
    nap_ = nullptr;
  }
  co_return {};
}

template <class Key, class Value>
task<> manager<Key, Value>::look_at_all(context& pass) {
  constexpr std::size_t rows_between_yields = 1024;
  seen_ = 0;
  auto rows = table_.iterate();
  while (co_await rows.next(pass)) {
    auto* const found = *rows.get();
    entry& e = obtain(found->key);
    ++seen_;
    e.pass = pass_;
    if (found->content)
      apply_row(e, std::move(*found->content));
    else
      report(&e.key, found->content.error());
    if (seen_ % rows_between_yields == 0) co_await detail::yield();
  }
  if (rows.err()) co_return *rows.err();
  co_return {};
}

// Absence is concluded only after a whole pass, and confirmed key by key (M12).
template <class Key, class Value>
task<> manager<Key, Value>::look_for_deleted(context& pass) {
  if (seen_ >= entries_.size()) co_return {};
  std::vector<Key> unseen;
  entries_.each([&](entry& e) {
    if (e.pass != pass_) unseen.push_back(e.key);
  });
  for (const Key& key : unseen) {
    auto found = co_await table_.get(pass, key);
    entry* const e = entries_.find(key);
    if (e == nullptr) continue;
    if (found) {
      apply_row(*e, std::move(*found));
    } else if (found.error().is(errc::not_found)) {
      e->erase = true;
      e->again = false;
      ask_to_end(*e);
    } else {
      co_return found.error();
    }
  }
  co_return {};
}

template <class Key, class Value>
void manager<Key, Value>::note_readable(const result<>& looked, const context& pass) {
  if (!looked && pass.is_stopped()) return;
  if (!looked) report(nullptr, looked.error());
  const instant at = strand_->now();
  const std::lock_guard guard(lock_);
  ++passes_;
  if (looked)
    unreadable_.reset();
  else if (!unreadable_)
    unreadable_.emplace(at, looked.error());
}

// A start in the background.
template <class Key, class Value>
detail::detached manager<Key, Value>::bring_up(entry& e) {
  if (e.reread) {
    auto reread = co_await reread_row(e);
    if (!reread) report(&e.key, reread.error());
  }
  result<> outcome = fail(errc::stopped);
  if (!e.asked) outcome = prepare(e);
  if (e.life) outcome = co_await e.life->start(*ctx_);
  started(e, outcome);
  leave(e);
}

// The row leads, so it is read again before every automatic start (M8). Where it cannot be read, what was known of it last is good enough: a table
// that fails must not keep anything from running.
template <class Key, class Value>
task<> manager<Key, Value>::reread_row(entry& e) {
  e.reread = false;
  context reading(*pass_ctx_);
  e.reading = &reading;
  auto found = co_await table_.get(reading, e.key);
  e.reading = nullptr;
  if (e.asked) co_return {};
  if (found) {
    e.asked = found->wanted == wanted::down;
    take_row(e, std::move(*found));
    co_return {};
  }
  if (!found.error().is(errc::not_found)) co_return found.error();
  e.asked = e.erase = true;
  co_return {};
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
  while (at->state == row_state::stopping) {
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
  const row_state before = e.state == row_state::completed ? row_state::completed : row_state::stopped;
  e.asked = e.again = e.erase = e.reread = false;
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
    case row_state::stopping:
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
        return fail(errc::process_not_running);
      default:
        return fail(errc::process_not_found);
    }
  });
}

template <class Key, class Value>
std::optional<row_status<Key>> manager<Key, Value>::status(const Key& key) const {
  std::optional<row_status<Key>> known;
  std::shared_ptr<const Value> value;
  entries_.look(key, [&](const entry* e) {
    if (e == nullptr) return;
    known = status_of(*e);
    value = e->value;
  });
  if (known && known->state == row_state::waiting && value) known->waiting_for = missing(key, value.get());
  return known;
}

template <class Key, class Value>
std::vector<std::pair<Key, row_status<Key>>> manager<Key, Value>::snapshot() const {
  std::vector<std::pair<Key, row_status<Key>>> all;
  std::vector<std::shared_ptr<const Value>> values;
  entries_.each_locked([&](const entry& e) {
    all.emplace_back(e.key, status_of(e));
    values.push_back(e.value);
  });
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].second.state == row_state::waiting && values[i]) all[i].second.waiting_for = missing(all[i].first, values[i].get());
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

// With the lock held.
template <class Key, class Value>
void manager<Key, Value>::post_look() noexcept {
  if (!std::exchange(look_posted_, true)) strand_->post(*look_);
}

template <class Key, class Value>
bool manager<Key, Value>::enter() noexcept {
  const std::lock_guard guard(lock_);
  if (!accepting_) return false;
  ++callers_;
  return true;
}

template <class Key, class Value>
bool manager<Key, Value>::idle() const noexcept {
  const std::lock_guard guard(lock_);
  return busy_ == 0 && callers_ == 0 && !look_posted_;
}

template <class Key, class Value>
void manager<Key, Value>::check_idle() noexcept {
  if (closing_waiter_ != nullptr && idle()) wake(*std::exchange(closing_waiter_, nullptr));
}

// Everything is asked to end at once, but for those that others which still live were started after: they are asked when the last of these is gone.
template <class Key, class Value>
void manager<Key, Value>::end_all() {
  std::vector<Key> keys;
  entries_.each([&](entry& e) {
    e.again = false;
    e.dependents = 0;
    keys.push_back(e.key);
  });
  if (options_.after) {
    entries_.each([&](entry& e) { dependents_of(e, +1); });
    free_cycles();
  }
  for (const Key& key : keys)
    if (entry* const e = entries_.find(key); e != nullptr && (e->dependents == 0 || !e->life)) ask_to_end(*e);
}

// Entries that wait for one another, which can come about only by starts by hand, are all asked at once: a plain count of who would go after whom
// finds them.
template <class Key, class Value>
void manager<Key, Value>::free_cycles() {
  std::unordered_map<entry*, std::uint32_t> left;
  std::vector<entry*> going;
  entries_.each([&](entry& e) {
    if (!e.life) return;
    left.emplace(&e, e.dependents);
    if (e.dependents == 0) going.push_back(&e);
  });
  while (!going.empty()) {
    entry* const gone = going.back();
    going.pop_back();
    left.erase(gone);
    for (const Key& key : needed_by(gone->key, *gone->value)) {
      const auto other = left.find(entries_.find(key));
      if (other == left.end() || other->first == gone) continue;
      --other->second;
      if (other->second == 0) going.push_back(other->first);
    }
  }
  for (const auto& [e, count] : left) e->dependents = 0;
}

// Counts an entry among, or out of, the dependents of those that it was started after.
template <class Key, class Value>
void manager<Key, Value>::dependents_of(entry& e, int change) {
  if (!ending_ || !e.life || !e.value) return;
  for (const Key& key : needed_by(e.key, *e.value)) {
    entry* const other = entries_.find(key);
    if (other == nullptr || other == &e) continue;
    if (change > 0) {
      ++other->dependents;
    } else if (other->dependents > 0) {
      --other->dependents;
      if (other->dependents == 0) ask_to_end(*other);
    }
  }
}

}  // namespace steward
