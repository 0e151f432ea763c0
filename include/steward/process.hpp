// SPDX-License-Identifier: Apache-2.0
//
// One run of a runnable in the background, with a state.
#pragma once

#include "steward/detail/roster.hpp"
#include "steward/runnable.hpp"
#include "steward/state.hpp"

#include <optional>
#include <string_view>

namespace steward {

class start_awaiter;
class stop_awaiter;
class done_awaiter;
class ready_awaiter;

template <class Key, class Value>
class manager;

namespace detail {
class gone_awaiter;

/// Who waits for a process to be gone; in the process's list, guarded by its lock.
struct done_node {
  waiter* who = nullptr;
  done_node* next = nullptr;
  done_node** link = nullptr;  // empty when in no list

  void push_on(done_node*& list) noexcept {
    next = list;
    link = &list;
    if (next != nullptr) next->link = &next;
    list = this;
  }
  void remove() noexcept {
    *link = next;
    if (next != nullptr) next->link = link;
    link = nullptr;
  }
};
}  // namespace detail

/// Runs a runnable in the background, once, under a context of its own. `docs/states.md` shows its states.
///
///     process web(ctx, serve, "web");
///     auto started = co_await web.start(ctx);   // until it is ready
///     auto stopped = co_await web.stop(ctx);    // graceful, until it is gone
///
/// Threads: every function from any thread (PR9). The runnable runs on the scheduler of the context that the process was made with.
/// Lifetime: shorter than that context, longer than every wait on it. Destroying one that was started and is not gone is reported and ends the
/// program (PR11). Cost: 240 bytes; one allocation for a name, and one a run, beside those of the runnable. Source: laws PR1 to PR14.
class process final : private detail::domain, private detail::roster_entry, private detail::hook, private waiter {
 public:
  /// Runs `what` under a child of `parent`, when it is started.
  process(context& parent, runnable what, std::string_view name = {});
  ~process();

  /// Starts it and waits until it is ready. Success means that it was; it may have ended since.
  /// Shape: an awaitable that yields `result<>`, and converts to `task<>`.
  /// Stop: if `ctx` stops first, the process is forced, and this waits until it has ended and fails with the reason (PR4).
  /// Errors: `invalid_state` unless it is initial; `run: …` if it ended before it was ready (PR3); the stop, if it was stopped meanwhile (PR5).
  [[nodiscard]] start_awaiter start(context& ctx) noexcept;

  /// Asks it to wind down gracefully and waits until it is gone. In starting it forces (PR5).
  /// Shape: as `start`.
  /// Stop: if `ctx` stops first, the process is forced, and this waits until it has ended and fails with the reason (PR7).
  /// Errors: `invalid_state` if it is stopped already (PR2); `run: …` if the run failed (PR6);
  /// `would_wait_for_itself` if `ctx` is inside this process (PR12).
  [[nodiscard]] stop_awaiter stop(context& ctx) noexcept;

  /// Asks for the same without waiting. `cause` becomes `err()` if the run itself reports none. In initial or stopped it does nothing.
  void request_stop(error cause) noexcept;
  void request_stop() noexcept;

  /// Stops its context, without waiting: whatever runs is asked to end at once.
  void force(stop_reason why = stop_reason::requested) noexcept;

  /// `co_await web.done(ctx)` waits until it is gone, whatever ended it; any number may wait.
  /// Errors: the reason of `ctx`, if that stops first (PR8).
  [[nodiscard]] done_awaiter done(context& ctx) noexcept;

  [[nodiscard]] process_state state() const noexcept;

  /// Whether it is gone: its run has completed, or it was stopped before it ran.
  [[nodiscard]] bool is_done() const noexcept;

  /// Stopped, and not gone yet (PR1).
  [[nodiscard]] bool ending() const noexcept;

  /// What the run returned, raw; empty before it is gone and after success.
  [[nodiscard]] std::optional<error> err() const noexcept;

  /// Whether its context was stopped before its run had ended.
  [[nodiscard]] bool was_forced() const noexcept;

  /// Whether `ctx` is inside it, so that to wait for its end under `ctx` would be to wait for oneself.
  [[nodiscard]] bool contains(const context& ctx) const noexcept { return ctx.descends_from(own_); }

  [[nodiscard]] std::string_view name() const noexcept;

 private:
  friend class start_awaiter;
  friend class stop_awaiter;
  friend class done_awaiter;
  friend class ready_awaiter;
  friend class detail::gone_awaiter;
  template <class Key, class Value>
  friend class manager;

  struct own_context final : context {
    own_context(context& parent, detail::domain& own) noexcept : context(parent.scheduler(), &parent, own) {}
  };

  void ended_from_inside(error cause) noexcept override { ask(std::move(cause)); }
  void context_stopped() noexcept override;
  static void parent_stopped(detail::hook& self) noexcept;
  static void run_ended(work& self) noexcept;

  // Wakes `node.who` when it is gone. False: it is already, and nobody is woken.
  [[nodiscard]] bool watch(detail::done_node& node) noexcept;
  void run() noexcept;
  void ask(std::optional<error> cause) noexcept;
  void lost() noexcept;
  void finish(result<> outcome) noexcept;
  void stop_own_and_unpin(stop_reason why) noexcept;
  bool enter_parent() noexcept;
  void leave_parent() noexcept;
  void close_own() noexcept;
  static task<> ready(ready_awaiter wait);
  const process_transition& apply(process_event event) noexcept;
  [[nodiscard]] waiter* released_by(const process_transition& step) noexcept;

  own_context own_;
  runnable what_;
  task<> run_;
  waiter* held_ = nullptr;  // until it is ready, the starter; from then on the callback, while it waits to be released
  waiter* stopper_ = nullptr;
  detail::done_node* waiting_ = nullptr;
  detail::maybe_error err_;
  process_state state_ = process_state::initial;
  bool called_ = false;       // the callback has been called; touched by the run alone
  bool ready_ = false;        // it was ready
  bool was_stopped_ = false;  // by `stop`, or a `request_stop` without a cause
  bool entered_ = false;      // listed with the parent; touched by start and the run alone
  bool forced_ = false;
  bool over_ = false;  // the run has ended, so a stop of the context forces nothing
  bool done_ = false;
};

}  // namespace steward

#include "steward/process_wait.hpp"
