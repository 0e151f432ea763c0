// SPDX-License-Identifier: Apache-2.0
//
// The run of a manager: its passes and its end. What is on the strand says so.
#pragma once

#include "steward/deadline_context.hpp"
#include "steward/detail/beside.hpp"
#include "steward/detail/contained.hpp"
#include "steward/detail/spread.hpp"
#include "steward/detail/stall_context.hpp"
#include "steward/detail/yield.hpp"
#include "steward/manager.hpp"
#include "steward/misuse.hpp"
#include "steward/wait.hpp"

namespace steward {

namespace detail {

// A walk over all entries lets what it has set off run every so often: others get their turn, and what comes next finds its memory in the cache.
inline constexpr std::uint32_t entries_in_a_stride = 256;

// So many rows before its turn, a pass has the memory fetched that tells where the entry of a row is: nine tenths of a pass were a wait for that.
inline constexpr std::size_t rows_fetched_ahead = 16;

}  // namespace detail

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
    : table_(rows), make_(std::move(make)), options_(std::move(options)) {}

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
  ending_ = false;
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
  hints_.all = passing_ = false;
  hinted_in_pass_.clear();
  outlived_.clear();
  if (options_.watch) {
    auto watching = detail::contained([this] { return table_.watch([this](const Key* key) { take_hint(key); }); });
    if (watching)
      watch_ = std::move(*watching);
    else
      report(nullptr, watching.error());
  }
  total_forced_ = false;
  set_total(total_deadlines::graceful(options_.total.start));
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
  watch_.reset();
  ending_ = true;
  set_total(total_deadlines::graceful(options_.total.stop));
  pass.stop(stop_reason::shutdown);
  disband_groups();
  count_dependents();
  for (std::uint32_t i = 0; i < entries_.end(); ++i) {
    if (entry* const e = entries_.at(i); e != nullptr && (e->dependents == 0 || !e->life)) wind_down(*e, sequel::stopped);
    if (i % detail::entries_in_a_stride == 0) co_await detail::yield();
  }
  if (auto passed = co_await all_passes.join(); !passed) report(nullptr, passed.error());
  co_await closing(*this);
  set_total({});
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
    std::erase_if(for_another_, [](const auto& each) { return each.second.empty(); });
    {
      const std::lock_guard guard(lock_);
      hints_.all = false;
    }
    passing_ = true;
    auto looked = co_await look_at_all(pass);
    if (!looked && !pass.is_stopped()) report(nullptr, looked.error());
    const instant looked_at = strand_->now();
    if (pass.is_stopped()) break;
    if (detail::planted(detail::bug::failed_pass_deletes) && !looked) looked = result<>();
    if (looked) look_after_outlived();
    if (looked) looked = co_await look_for_deleted(pass);
    passing_ = false;
    if (looked) {
      // What a pass reads in pages may be older than what was read because of a hint.
      auto hinted = std::exchange(hinted_in_pass_, {});
      looked = co_await look_at_each(pass, std::move(hinted));
    }
    note_readable(looked, pass);
    if (settled_ != nullptr && initial_ == 0) settled_->stop();
    auto pause = looked ? pause_between_passes() : std::min(retry, options_.interval);
    if (detail::planted(detail::bug::pass_late)) pause *= 2;
    retry = looked ? first_retry : std::min(2 * retry, options_.interval);
    if (look_again_) continue;
    deadline_context nap(pass, looked_at + pause);
    nap_ = &nap;
    co_await nap.stopped();
    nap_ = nullptr;
  }
  co_return {};
}

// With hints, passes are only a net under them: they are spread, so that many managers do not read at the same moment.
template <class Key, class Value>
std::chrono::nanoseconds manager<Key, Value>::pause_between_passes() {
  constexpr double fraction = 0.1;
  if (!watch_) return options_.interval;
  return std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(static_cast<double>(options_.interval.count()) *
                                                                             (1 + fraction * detail::draw_spread(options_.spread))));
}

template <class Key, class Value>
task<> manager<Key, Value>::look_at_all(context& pass) {
  seen_ = 0;
  detail::stall_context reading(pass, *strand_, options_.read_limit);
  auto rows = table_.iterate();
  while (co_await rows.next(reading)) {
    auto* const found = *rows.get();
    if (const auto* const later = rows.ahead(detail::rows_fetched_ahead)) entries_.prefetch(later->key);
    entry& e = obtain(found->key);
    ++seen_;
    e.pass = pass_;
    if (!found->content) {
      report(&e.key, found->content.error());
    } else if (found->content->generation < e.noticed) {
      (void)co_await look_at(pass, found->key);  // the page is older than what has been read since, or the table is
    } else {
      apply_row(e, std::move(*found->content));
    }
    reading.moved();
    if (seen_ % detail::entries_in_a_stride == 0) co_await detail::yield();
  }
  if (rows.err()) co_return *rows.err();
  co_return {};
}

// Absence is concluded only after a whole pass, and confirmed key by key (M12).
template <class Key, class Value>
task<> manager<Key, Value>::look_for_deleted(context& pass) {
  if (seen_ >= entries_.size() && hinted_in_pass_.empty()) co_return {};
  std::vector<Key> unseen;
  entries_.each([&](entry& e) {
    if (e.pass != pass_) unseen.push_back(e.key);
  });
  if (detail::planted(detail::bug::failed_pass_deletes))
    for (const Key& key : unseen) wind_down(obtain(key), sequel::stopped);
  co_return co_await look_at_each(pass, std::move(unseen));
}

template <class Key, class Value>
void manager<Key, Value>::note_readable(const result<>& looked, const context& pass) {
  if (!looked && pass.is_stopped()) return;
  const instant at = strand_->now();
  const std::lock_guard guard(lock_);
  ++passes_;
  if (looked)
    unreadable_.reset();
  else if (!unreadable_)
    unreadable_.emplace(at, looked.error());
}

// With the lock held.
template <class Key, class Value>
void manager<Key, Value>::post_look() noexcept {
  if (!std::exchange(look_posted_, true)) strand_->post(look_);
}

// Looks at the table sooner than planned, or at whether everything has come to rest. On the strand.
template <class Key, class Value>
void manager<Key, Value>::look_now() noexcept {
  {
    const std::lock_guard guard(lock_);
    look_posted_ = false;
  }
  look_again_ = true;
  if (nap_ != nullptr) nap_->stop();
  check_idle();
}

template <class Key, class Value>
bool manager<Key, Value>::idle() const noexcept {
  const std::lock_guard guard(lock_);
  return busy_ == 0 && callers_ == 0 && !look_posted_ && !hints_.posted && !following_;
}

template <class Key, class Value>
void manager<Key, Value>::check_idle() noexcept {
  if (closing_waiter_ != nullptr && idle()) wake(*std::exchange(closing_waiter_, nullptr));
}

}  // namespace steward
