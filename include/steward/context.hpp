// SPDX-License-Identifier: Apache-2.0
//
// What a run lives under: the stop signal, the deadline and the scheduler, as a tree.
#pragma once

#include "steward/detail/hook.hpp"
#include "steward/result.hpp"
#include "steward/scheduler.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

namespace steward {

class done_awaiter;
class process;
class ready_awaiter;
class sleep_awaiter;
class start_awaiter;
class stop_awaiter;
class stop_callback_base;
class stopped_awaiter;
class turnstile;
namespace detail {
class dependency;
class event_wait;
class group_run;
class roster_reader;
class running_name;
}  // namespace detail

/// The stop signal, the deadline and the scheduler of a run. Contexts form a tree: a child stops when its parent stops, never the other way round
/// (C1).
///
/// A stop is a request. It wakes every wait on the context at that instant (C5); whoever runs under it decides how to end.
/// It carries a reason, the first one given (C3), and cannot be taken back.
///
/// Threads: `stop`, `is_stopped` and `stop_error` from any thread; the rest where the run runs.
/// Lifetime: a child lives inside its parent's scope. Destroying a context that still has children is reported and ends the program (PR11);
/// the destructor waits for threads that are inside `stop`.
/// Cost: no allocation; creating and destroying a child are two short critical sections.
/// Source: laws C1 to C5; decision 0004.
class context {
 public:
  /// A child of `parent`: same scheduler, same deadline, born stopped if the parent is.
  explicit context(context& parent) noexcept;

  context(const context&) = delete;
  context& operator=(const context&) = delete;
  ~context();

  /// Asks everything under this context to end. Returns true when this call did it, false when it was stopped already (C4).
  /// Callbacks run on this thread, inside the call; user coroutines never do.
  bool stop(stop_reason why = stop_reason::requested) noexcept;

  [[nodiscard]] bool is_stopped() const noexcept { return stopped_.load(std::memory_order_acquire) != 0; }

  /// Why it was stopped, as the error that waits on it yield; empty while it is alive.
  [[nodiscard]] std::optional<error> stop_error() const noexcept;

  /// Where one that is asked to end by a stop of this very context waits, if it needs time for that: the context above, which stops when there is
  /// none left. This one itself while it is not stopped, and where its stop came from above or has a reason other than that somebody asked. Lifetime:
  /// as long as what runs under this one.
  [[nodiscard]] context& grace() noexcept;

  /// The earlier of its own deadline and its parent's; empty if there is none (C2).
  [[nodiscard]] std::optional<instant> deadline() const noexcept;

  /// `auto why = co_await ctx.stopped();` waits for the stop and yields its error.
  [[nodiscard]] stopped_awaiter stopped() noexcept;

  /// `auto slept = co_await ctx.sleep_for(100ms);` waits for the time to pass. Errors: the stop's.
  [[nodiscard]] sleep_awaiter sleep_for(std::chrono::nanoseconds duration) noexcept;
  [[nodiscard]] sleep_awaiter sleep_until(instant when) noexcept;

  [[nodiscard]] steward::scheduler& scheduler() const noexcept { return *scheduler_; }
  [[nodiscard]] instant now() const noexcept { return scheduler_->now(); }

  /// Asks the process or program that this context belongs to, to end gracefully, with this cause as its error. Does not wait, so it is the form for
  /// inside; repeating it keeps the first cause.  Threads: any.
  void request_stop(error cause) noexcept;

  /// Whether `ancestor` is this context or one above it.  Cost: linear in the distance to the root.
  [[nodiscard]] bool descends_from(const context& ancestor) const noexcept;

 protected:
  /// The topmost context of a domain; `parent` may be empty.
  context(steward::scheduler& on, context* parent, detail::domain& own) noexcept;

  void set_deadline(instant at) noexcept { deadline_ = at; }

  /// Stops with a word taken from the parent.
  bool stop_with(std::uintptr_t word) noexcept;

 private:
  friend class detail::dependency;
  friend class detail::event_wait;
  friend class detail::group_run;
  friend class detail::roster_reader;
  friend class detail::running_name;
  friend class turnstile;
  friend class done_awaiter;
  friend class process;
  friend class ready_awaiter;
  friend class sleep_awaiter;
  friend class start_awaiter;
  friend class stop_awaiter;
  friend class stop_callback_base;
  friend class stopped_awaiter;

  [[nodiscard]] detail::domain& domain() const noexcept { return *domain_; }
  // With the lock held. Asks nothing of the parent, which may be gone where a process that does not run outlives it.
  [[nodiscard]] bool topmost() const noexcept { return previous_ == this; }
  [[nodiscard]] std::uintptr_t word_of(stop_reason why) const noexcept;
  static std::uintptr_t inherited(std::uintptr_t word) noexcept;
  void link() noexcept;
  bool stop_held(std::unique_lock<detail::spin_lock>& held, std::uintptr_t word) noexcept;
  void mark_subtree(std::uintptr_t word, detail::hook_list& hooks) noexcept;
  bool add(detail::hook& item) noexcept;  // false: stopped already, and the hook was not added
  void withdraw(detail::hook& item) noexcept { detail::hook_list::withdraw(*domain_, item); }

  steward::scheduler* scheduler_;
  context* parent_;
  detail::domain* domain_;
  std::atomic<std::uintptr_t> stopped_{0};  // zero, or the word of the stop's error
  instant deadline_ = instant::max();
  detail::hook_list hooks_;
  context* child_ = nullptr;     // children in this domain; those in others are hooks
  context* previous_ = nullptr;  // itself, if it is the topmost of its domain
  context* next_ = nullptr;
};

}  // namespace steward
