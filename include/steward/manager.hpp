// SPDX-License-Identifier: Apache-2.0
//
// Keeps running what a table lists.
#pragma once

#include "steward/detail/detached.hpp"
#include "steward/detail/entry_group.hpp"
#include "steward/detail/manager_entries.hpp"
#include "steward/detail/manager_hints.hpp"
#include "steward/detail/member_work.hpp"
#include "steward/detail/strand.hpp"
#include "steward/event_stream.hpp"
#include "steward/explanation.hpp"
#include "steward/memory_table.hpp"
#include "steward/plan.hpp"
#include "steward/row_straggler.hpp"
#include "steward/turnstile.hpp"

#include <array>
#include <atomic>
#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace steward {

/// Keeps one process alive for each row of a table that wants to run: starts it, restarts it by its policy, stops it when its row is deleted or no
/// longer wants it, and restarts it when its row changes.
///
/// It is a runnable: run it in a chain behind the table (examples/06_manager.cpp). While it runs, `start`, `stop` and `get` act on single keys.
/// The row leads: a manager only makes the table so. At any time at most one process of a key is alive (M7).
///
/// Threads: every function from any thread. Processes run on the scheduler of run's context; decisions are made on a strand of it, one at a time.
/// Lifetime: the table outlives it. Destroying one that runs is reported and ends the program (PR11).
/// Errors: those that no caller receives go to `options.on_event`, with their key (M10). A table that cannot be read never stops anything (M12).
/// Cost: about 720 bytes a running process; a pass looks at every row once.  Source: laws M1 to M15; `docs/states.md`.
template <class Key, class Value>
class manager {
 public:
  using factory = std::function<result<runnable>(const Key&, const Value&)>;
  using options_type = manager_options<Key, Value>;
  using value_pointer = std::shared_ptr<const Value>;

  /// `make` turns a row's value into what is run; an error from it is a failed start.
  manager(table<Key, Value>& rows, factory make, options_type options = {});

  /// For a table of runnables.
  explicit manager(table<Key, Value>& rows, options_type options = {})
    requires std::convertible_to<const Value&, runnable>
      : manager(rows, [](const Key&, const Value& value) { return result<runnable>(value); }, std::move(options)) {}

  manager(const manager&) = delete;
  manager& operator=(const manager&) = delete;
  ~manager();

  /// Starts what the table lists, calls `ready`, keeps it so until that returns, and stops everything (M1, M2, M9).
  /// Stop: graceful while `ctx` is alive, all at once, those with `after` in the reverse order; forced when it stops. Returns when all have ended.
  /// Errors: the callback's. `would_wait_for_itself` from inside its own callback. The reason of `ctx` if that stops before it is ready, or before it
  /// is its turn: of several runs one goes at a time, so give those that may meet contexts of their own.
  [[nodiscard]] task<> run(context& ctx, callback ready);

  /// Starts the process of a key by hand, whatever it has been through: clears its counters. Yields the row's value when it is ready.
  /// Stop: `ctx` bounds the waiting; the process lives under run's context. A start that is given up ends what it began.
  /// Errors: `manager_not_running`; `process_exists` if it waits, starts or runs; `get process from table: …`; `start process: …`;
  /// `invalid_state` if its row does not want it to run. A key that is stopping is waited for (M4, M7).
  [[nodiscard]] task<value_pointer> start(context& ctx, Key key);

  /// Stops the process of a key, until the next pass or as long as its row does not want it (M13). Also ends a start, a wait or a backoff.
  /// Stop: graceful; forced when `ctx` stops, and then fails with the reason. Of a replacement both are stopped, forced and waited for.
  /// Errors: `process_not_found`, also while it is being stopped already; `run: …` if it failed (M5).
  [[nodiscard]] task<> stop(context& ctx, Key key);

  /// The value that the running incarnation of a key was started with. Never waits.
  /// Errors: `process_not_running` while it starts or stops; `process_not_found` otherwise (M6).
  [[nodiscard]] result<value_pointer> get(const Key& key) const;

  /// What is known of a key; empty if it has none.
  [[nodiscard]] std::optional<row_status<Key>> status(const Key& key) const;

  /// The status of every key, each as it is when it is looked at.  Cost: linear; other threads are held up for one shard at a time.
  [[nodiscard]] std::vector<std::pair<Key, row_status<Key>>> snapshot() const;

  /// How many keys are in each state.  Cost: constant; each count is exact, taken one after the other.
  [[nodiscard]] state_counts counts() const noexcept;

  /// Why a key is not running, or not gone: until when, and waiting for whom; empty if it is not known.
  /// Cost: constant, but for one that waits for others: linear in those that wait behind one another.
  [[nodiscard]] std::optional<explanation<Key>> explain(const Key& key) const;

  /// Those that should be gone and are not, since when, and what they have come to. In no order.
  /// Cost: constant if there are none; else linear in all, other threads being held up for one shard at a time.
  [[nodiscard]] std::vector<row_straggler<Key>> stragglers() const;

  /// What would be done if the table held these rows instead, in order: first those that stop, each behind all that come after it, then the others,
  /// each behind all that it comes after. What would go on as it is is not listed. Changes nothing.
  /// Shape: a row is an edit if its generation is another than that which runs.  Stop: ends with the reason of `ctx`.
  /// Errors: `manager_not_running`; those of `rows`.  Cost: linear in the rows, in which decisions are held up; n log n in what is listed.
  [[nodiscard]] task<std::vector<planned<Key>>> plan(context& ctx, table<Key, Value>& rows);

  /// Every state change and every error from now on, one `manager_record` each, exactly once and in order, for a subscriber that keeps up. One that
  /// falls behind by more than `capacity` is told how many it has missed, and never keeps the manager. It may outlive the manager.
  [[nodiscard]] event_subscription<manager_record<Key>> events(std::size_t capacity = 1024) { return events_.subscribe(capacity); }

  /// Since when the table cannot be read, and why; empty while it can (M12).
  [[nodiscard]] std::optional<std::pair<instant, error>> unreadable() const;
  /// How many passes have looked at the whole table, or have failed to, since the run began.
  [[nodiscard]] std::uint64_t passes() const;
  /// Begins the next pass now: for those who have just changed the table.
  void reconcile_now() noexcept;

 private:
  using entry = detail::manager_entry<Key, Value>;
  using entry_group = detail::entry_group<entry>;
  class visit;
  class closing;
  class planner;
  class leftover;

  // The run and its passes: detail/manager_run.hpp
  task<> run_on_strand(context& ctx, callback ready);
  task<> keep_looking(context& pass);
  task<> look_at_all(context& pass);
  task<> look_for_deleted(context& pass);
  [[nodiscard]] std::chrono::nanoseconds pause_between_passes();
  void note_readable(const result<>& looked, const context& pass);
  void post_look() noexcept;
  void look_now() noexcept;
  [[nodiscard]] bool idle() const noexcept;
  void check_idle() noexcept;
  // How it reads one row: detail/manager_reads.hpp
  task<row<Value>> read(context& ctx, const Key& key);
  task<row<Value>> read_or_tell(context& ctx, const Key& key);
  task<> reread_row(entry& e);
  // Hints of the table: detail/manager_watch.hpp
  void take_hint(const Key* key) noexcept;
  void take_hints_up() noexcept;
  detail::detached follow_hints();
  task<> look_at(context& pass, const Key& key);
  task<> look_at_each(context& pass, std::vector<Key> keys);
  // Those who come from outside: detail/manager_control.hpp
  [[nodiscard]] bool enter() noexcept;
  void depart() noexcept;
  task<value_pointer> start_on_strand(visit inside, context& ctx, const Key& key);
  task<> read_claimed(entry& e, context& ctx);
  task<std::vector<planned<Key>>> plan_on_strand(context& ctx, table<Key, Value>& rows);
  task<> stop_on_strand(visit inside, context& ctx, const Key& key);
  task<> wait_until_gone(context& ctx, const Key& key);
  // What is known: detail/manager_answers.hpp
  [[nodiscard]] std::vector<Key> cycle_through(const Key& key) const;
  // Who is held back: detail/manager_waiting.hpp
  [[nodiscard]] std::vector<Key> needed_by(const Key& key, const Value& value);
  [[nodiscard]] bool runs(const Key& key) const;
  [[nodiscard]] bool has_place() const noexcept;
  void launch(entry& e);
  void hold_back(entry& e, detail::entry_queue<entry>& behind, std::vector<Key> needs);
  void tell_of_circle(entry& e);
  void start_those_held_back();
  void start_those_waiting_for(const Key& key);
  // What it tells: detail/manager_tell.hpp
  void tell(const manager_event<Key>& what);
  void report(const Key* key, const error& problem);
  void set_state(entry& e, row_state state);
  void set_state(entry& e, row_state state, instant at, const exit* ended = nullptr);
  void count(std::size_t which, int change) noexcept;
  // What outlives it: detail/manager_memory.hpp
  template <class F>
  auto ask_store(const Key* key, F&& ask) -> std::invoke_result_t<F&, state_store<Key>&>;
  void remember(const entry& e, row_state as);
  void remember_group(const entry_group& group);
  void launch_when_sure(entry& e);
  detail::detached make_sure_of(entry& e);
  // What it keeps of a key, and does about its row: detail/manager_rows.hpp
  [[nodiscard]] entry& obtain(const Key& key);
  [[nodiscard]] entry& recall(const Key& key);
  void forget(entry& e);
  void take_row(entry& e, row<Value> found);
  void forget_failures(entry& e);
  void apply_row(entry& e, row<Value> found);
  // The life of one entry: detail/manager_life.hpp
  void begin(entry& e);
  detail::detached bring_up(entry& e);
  [[nodiscard]] result<> prepare(entry& e);
  [[nodiscard]] std::unique_ptr<process> make_process(const Key& key, runnable what);
  void started(entry& e, const result<>& outcome);
  void settle_initial(entry& e);
  void wind_down(entry& e, sequel then, const Key* because_of = nullptr);
  void request_stop(entry& e);
  void occupy(entry& e) noexcept;
  void leave(entry& e);
  void rest(entry& e);
  static void process_gone(work& self) noexcept;
  [[nodiscard]] exit exit_of(const entry& e) const;
  void after_end(entry& e);
  // Ends without being asked, and deadlines: detail/manager_policy.hpp
  template <class F, class... Values>
  [[nodiscard]] std::invoke_result_t<const F&, const Key&, const Values&...> asked_of(const F& function, const Key& key, const Values&... of);
  template <class F>
  [[nodiscard]] auto asked_of(const F& function, const entry& e) -> std::invoke_result_t<const F&, const Key&, const Value&>;
  void follow_policy(entry& e, const exit& ended);
  void back_off(entry& e, instant until, instant at, const exit* ended = nullptr);
  void bound_backoff(entry& e);
  [[nodiscard]] group_policy policy_of_group(const entry& e);
  void wake_at(entry& e, instant at);
  void set_deadline(entry& e, std::chrono::nanoseconds process_deadlines::* phase, instant from);
  void hasten(entry& e, const Value& edited);
  static void alarm_over(entry& e);
  void late_at_start(entry& e);
  void force(entry& e, stop_reason why, detail::end_request how = detail::end_request::force);
  static void total_over(manager& of);
  void set_total(std::chrono::nanoseconds limit);
  // Edits that a process lives through: detail/manager_edit.hpp
  [[nodiscard]] bool follow_edit(entry& e, row<Value>& found);
  [[nodiscard]] row_edit kind_of_edit(const entry& e, const Value& now);
  void keep(entry& e, row<Value> found);
  [[nodiscard]] bool take_over(entry& e, row<Value> found, task<> (manager::*how)(entry& e, row<Value> found, context& ctx));
  detail::detached taking_over(entry& e, row<Value> found, task<> (manager::*how)(entry& e, row<Value> found, context& ctx));
  task<> reload(entry& e, row<Value> found, context& ctx);
  task<> replace(entry& e, row<Value> found, context& ctx);
  task<> see_off(leftover& who, process& what, std::chrono::nanoseconds kill);
  // Who goes down and comes up together: detail/manager_groups.hpp
  void enter_group(entry& e);
  void leave_group(entry& e);
  void go_alone(entry& e) noexcept;
  [[nodiscard]] group_decision decide_for_group(entry& e, const group_policy& policy, const restart_decision& own, const exit& ended);
  void follow_together(entry& e, const group_policy& policy, const group_decision& whole, const exit& ended);
  void go_with_group(entry& e);
  void take_down(entry& e, const Key& because_of);
  void give_up(entry& e, const Key& because_of);
  void check_group(entry_group& group);
  void disband_groups() noexcept;
  // Who must be gone before whom: detail/manager_order.hpp
  void note_requirements(entry& e);
  [[nodiscard]] bool lacks_requirement(const entry& e, const Value& as);
  [[nodiscard]] bool lacks_someone(const entry& e);
  void stop_those_that_require(entry& e);
  void look_after_outlived();
  void park(entry& e, const Key& because_of);
  [[nodiscard]] bool waits_for(const entry& who, const entry& whom) const;
  std::unique_ptr<detail::entry_bonds<Key>> forget_requirements(entry& e);
  void release_those_before(entry& e);
  template <class F>
  void each_needed_by(const entry& e, F&& visit);
  void count_dependents();
  void free_cycles();

  table<Key, Value>& table_;
  factory make_;
  options_type options_;
  detail::manager_entries<Key, Value> entries_;
  std::array<std::atomic<std::size_t>, row_states + 1> counts_{};  // the last: those that replacements have left behind
  event_stream<manager_record<Key>> events_;

  mutable detail::spin_lock lock_;  // guards the next eight
  bool accepting_ = false;
  bool look_posted_ = false;
  std::size_t callers_ = 0;
  context* ctx_ = nullptr;
  std::optional<std::pair<instant, error>> unreadable_;
  std::uint64_t passes_ = 0;  // changed on the strand alone, which reads it without the lock
  detail::manager_hints<Key> hints_;
  detail::strand* strand_ = nullptr;
  turnstile turns_;
  detail::member_work<manager> look_{*this, &manager::look_now};
  detail::member_work<manager> follow_{*this, &manager::take_hints_up};
  std::unique_ptr<table_watch> watch_;

  context* pass_ctx_ = nullptr;  // this and what follows are of the strand alone
  context* settled_ = nullptr;   // is stopped when the first starts have succeeded or failed
  context* nap_ = nullptr;       // the pause between two passes
  waiter* closing_waiter_ = nullptr;
  bool ending_ = false;
  bool look_again_ = false;
  bool passing_ = false;    // a pass reads its rows
  bool following_ = false;  // hints are being followed
  std::vector<Key> hinted_in_pass_;
  std::vector<Key> outlived_;  // taken over, and not looked after yet
  std::uint64_t pass_ = 0;
  std::size_t seen_ = 0;     // rows that the present pass has seen
  std::size_t initial_ = 0;  // first starts that have not settled
  std::size_t starting_ = 0;
  std::size_t busy_ = 0;                                             // entries that are not at rest
  detail::entry_queue<entry> for_a_place_;                           // held back: enough are starting
  std::unordered_map<Key, detail::entry_queue<entry>> for_another_;  // held back: by the first that they wait for
  std::unordered_map<Key, std::vector<entry*>> required_by_;         // those that live, by what they require
  std::unordered_multimap<Key, context*> waiting_for_end_;           // starts by hand of keys that are going: to be stopped when they are gone
  std::map<std::string, entry_group> groups_;
  detail::alarm<manager>* total_ = nullptr;
  bool total_forced_ = false;
};

}  // namespace steward

#include "steward/detail/manager_parts.hpp"
