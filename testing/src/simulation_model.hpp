// SPDX-License-Identifier: Apache-2.0
//
// What a trace says of every key up to a moment: plain facts, folded from one event at a time, that know nothing of how a manager works.
#pragma once

#include "steward/testing/simulation.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace steward::testing {

using moment = std::chrono::nanoseconds;

/// Whether a manager knows what happened under the one before.
enum class belief : unsigned char { no, perhaps, surely };

/// One process that lives, or has lived.
struct process_facts {
  std::uint64_t generation = 0;
  std::uint64_t incarnation = 0;
  std::uint32_t version = 0;
  moment begun_at{};
  std::size_t begun = 0;  ///< where in the trace
  std::optional<moment> ready_at;
  std::optional<moment> ready_before;  ///< under a manager that it has outlived
  std::optional<moment> asked_at;
  std::optional<moment> forced_at;
  bool lost = false;
  std::string failure;            ///< what it has ended with
  bool outlived = false;          ///< it has outlived a manager, or was begun in the place of one that has
  belief was_going = belief::no;  ///< what its present manager knows of that it was to stop under the one before
  bool is_looked_after = false;   ///< all rows were read since
};

struct row_facts {
  std::uint64_t generation = 0;
  std::uint32_t version = 0;
  bool up = true;
};

/// When a process had ended that was started again, and where in the trace that was told.
struct restart_fact {
  moment ended{};
  std::size_t told = 0;
};

/// The restarts that a policy has granted to a key or to a group.
struct restart_facts {
  std::vector<restart_fact> since_cleared;  ///< by a start by hand or an edit, for a group of any member
  std::vector<moment> ever;
};

/// How a process takes an edit over, or another one takes its place.
struct edit_facts {
  std::size_t touched = 0;               ///< where in the trace something of it was seen last
  std::optional<std::uint32_t> reloads;  ///< the version that the process is handed
  std::optional<std::uint32_t> taken;    ///< the one that it has taken, and nobody was told yet
  bool failed = false;                   ///< it could not take one, and nobody was told yet
  std::uint64_t kept = 0;                ///< the generation that it has taken without being told, if it begins
  std::optional<process_facts> heir;     ///< was ready to take its place, and has ended before anybody was told
};

/// How far its store keeps up with a key, or with all groups.
struct store_facts {
  bool has_refused = false;                ///< since its last state was told
  bool is_behind = false;                  ///< it has refused the last state
  std::optional<std::size_t> caught_up{};  ///< where in the trace it has taken one again, and is to be made sure of it
  bool has_forgotten = false;              ///< since the manager was lost nothing was told: what was recalled is open
  std::optional<std::size_t> restart{};    ///< where in the trace a restart was granted that is to be stored before it is done
};

/// What a manager has been told of a row.
struct read_facts {
  std::size_t open = 0;      ///< reads that are not answered
  std::uint64_t newest = 0;  ///< the newest generation that was read
  std::uint64_t taken = 0;   ///< the newest that was read while nothing lived
  std::uint64_t last = 0;    ///< the one that was read last
  moment newest_at{};
  std::size_t answered = 0;         ///< where in the trace it was seen last, present or missing
  std::size_t failed = 0;           ///< where in the trace it could not be read last
  std::optional<moment> wanted_at;  ///< when it was seen last, if it was wanted then
  std::size_t untold = 0;           ///< failures that nobody has been told
  bool has_row = false;             ///< the present manager has taken some row: until then it knows of none what it needs, or its group
};

/// The last walk of a manager over its table.
struct pass_facts {
  std::size_t begun = 0;        ///< where in the trace
  std::optional<moment> ended;  ///< when it was told that there is nothing more, or that it cannot be read
  bool failed = false;
  bool missed = false;   ///< some row could not be read
  bool retried = false;  ///< the one before has failed, or missed something
};

struct key_facts {
  row_state state = row_state::stopped;
  moment since{};
  std::size_t state_told = 0;  ///< where in the trace
  std::size_t start_told = 0;
  std::uint64_t generation = 0;
  std::size_t because_of = trace_event::no_key;

  std::size_t changed = 0;  ///< where in the trace its row was edited last
  read_facts read;
  std::size_t stop_called = 0;      ///< where in the trace a stop by hand was called that has succeeded, and that nothing has undone; zero: none
  std::optional<moment> ran_until;  ///< when it was told last that it does not run any more
  std::optional<row_facts> row;
  std::map<std::uint64_t, row_facts> rows;  ///< by generation: every row that there was
  std::optional<process_facts> live;
  std::optional<process_facts> heir;      ///< is to take the place of that which lives
  std::optional<process_facts> left;      ///< another one has taken its place
  std::optional<process_facts> outlived;  ///< of a manager that was lost: nobody watches it yet
  belief was_going = belief::no;          ///< when the manager was lost
  std::optional<moment> ready_before;     ///< since when its process was ready then
  bool numbers_repeat = false;            ///< its row was deleted, or some manager could not be told which there were
  std::size_t made_way = 0;               ///< where in the trace that one was ended, because nobody can go on with it
  edit_facts edit;
  store_facts store;
  std::optional<process_facts> last;  ///< the one that ended last
  std::uint64_t last_incarnation = 0;

  std::size_t starts_open = 0;  ///< calls that are not answered
  std::size_t stops_open = 0;
  std::size_t calls = 0;                         ///< calls and answers ever
  bool by_hand = false;                          ///< its last start was inside a call of `start`
  std::map<std::uint32_t, std::size_t> readied;  ///< where in the trace a process of a version has become ready last
  bool erased_since = false;                     ///< since its state was told: it may have been forgotten
  std::uint64_t settled_for = 0;                 ///< the generation that is completed or has given up; zero: none

  restart_facts restarts;
  std::uint32_t failures = 0;                        ///< without a healthy time between them; never more than the manager counts
  std::optional<moment> due;                         ///< in backoff and waiting: not to be started before
  bool parked = false;                               ///< one that it requires was lost: it stays down for this generation
  std::uint64_t parked_for = 0;                      ///< the generation for which it was parked last; zero: none
  bool goes_with_group = false;                      ///< a member has failed, and this one, which lived, has to go
  bool taken_down = false;                           ///< its present process was there when a member failed
  std::map<std::size_t, std::uint64_t> waits_to_go;  ///< the incarnations of others that have to be gone before it is started again
  std::size_t calls_at_failure = 0;
  std::uint64_t generation_at_failure = 0;

  /// Some process that is alive; empty if there is none.
  [[nodiscard]] const process_facts* alive() const noexcept {
    for (const auto* each : {&live, &heir, &left})
      if (*each) return &**each;
    return nullptr;
  }

  /// Whether its process may have been asked to stop under the manager before; it may have to begin yet.
  [[nodiscard]] bool was_going_before() const noexcept {
    const auto& process = live ? live : outlived;
    return process && process->was_going != belief::no;
  }

  /// Whether a process takes over an edit, or another one its place.
  [[nodiscard]] bool takes_over() const noexcept { return heir || left || edit.reloads; }

  /// Whether what lives, or was told last, is what the row wants.
  [[nodiscard]] bool as_row_wants() const noexcept { return row && row->up && row->generation == (live ? live->generation : generation); }
};

/// Lifetime: shorter than its plan's.
class simulation_model {
 public:
  explicit simulation_model(const simulation_plan& plan);

  /// Takes the next event.
  void take(const trace_event& now);

  [[nodiscard]] const simulation_plan& plan() const noexcept { return plan_; }
  [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }
  [[nodiscard]] const key_facts& key(std::size_t number) const { return keys_[number]; }

  /// Where a key belongs: by the row that its process runs, or by that which was told last.
  [[nodiscard]] const simulated_place& place(std::size_t number) const { return row(version_of(keys_[number])).where; }

  /// Where a key belongs by a row that it had.
  [[nodiscard]] const simulated_place& place(std::size_t number, std::uint64_t generation) const;
  [[nodiscard]] const restart_facts& group(std::size_t number) const { return groups_[number]; }
  [[nodiscard]] const simulated_row& row(std::uint32_t version) const { return version == 0 ? none_ : *rows_.at(version); }

  [[nodiscard]] moment now() const noexcept { return now_; }
  [[nodiscard]] std::size_t taken() const noexcept { return taken_; }  ///< how many events
  [[nodiscard]] const pass_facts& pass() const noexcept { return pass_; }
  [[nodiscard]] std::size_t reads_open() const noexcept { return reads_open_; }  ///< of single rows
  [[nodiscard]] moment read_last() const noexcept { return read_last_; }         ///< when the last of these was answered
  [[nodiscard]] std::size_t untold() const noexcept { return untold_; }          ///< walks that have failed, and nobody was told

  /// When the present run has begun; empty if there was none.
  [[nodiscard]] std::optional<moment> run_begun() const noexcept { return run_begun_; }
  /// Calls of `run`, by their place in the trace: the one from inside the callback, those whose contexts have stopped, and the present one.
  [[nodiscard]] std::optional<std::size_t> run_inside() const noexcept { return run_inside_; }
  [[nodiscard]] bool run_stopped(std::size_t call) const noexcept { return std::ranges::find(runs_stopped_, call) != runs_stopped_.end(); }

  /// Whether the run of a call was in use; empty if it never was its turn.
  [[nodiscard]] std::optional<bool> was_in_use(std::size_t call) const {
    const auto found = runs_.find(call);
    return found == runs_.end() ? std::nullopt : std::optional(found->second);
  }
  [[nodiscard]] bool in_use() const noexcept { return in_use_; }
  [[nodiscard]] bool run_forced() const noexcept { return run_forced_; }
  [[nodiscard]] std::optional<moment> ends_since() const noexcept { return ends_since_; }

  /// Whether what was told at this place in the trace was told after the end had begun.
  [[nodiscard]] bool told_at_the_end(std::size_t at) const noexcept { return at > ends_told_; }

  /// When the machine has slept last.
  [[nodiscard]] moment jumped_to() const noexcept { return std::max(jumped_to_, moment::zero()); }

  /// Whether something that was due at `due` should have been seen to before now. Not if the machine has slept since, until it had a moment.
  [[nodiscard]] bool is_late(moment due, const trace_event& now) const noexcept {
    return now.what != happening::jumped && now.at > (due <= jumped_to_ ? jumped_to_ : due);
  }

  /// Whether this state is the failure of a process, by itself, that its policy has decided about.
  [[nodiscard]] bool is_failure(const trace_event& now) const;

  /// Whether a process that has just begun is to take the place of the one that lives; whether the one that runs is told to have taken over an edit,
  /// and which other one to have taken its place.
  [[nodiscard]] bool is_heir(const trace_event& now) const;
  [[nodiscard]] bool is_reload(const trace_event& now) const;
  [[nodiscard]] bool is_succession(const trace_event& now) const;

  /// Whether a process that has just begun takes the place of one that outlived a manager, and was to be taken over: it is of another version.
  [[nodiscard]] bool is_instead(const trace_event& now) const;

  /// The last flush of the store that was answered: where in the trace it was asked for.
  [[nodiscard]] std::size_t flushed() const noexcept { return flushed_; }

  /// Whether two keys may be in one group, by any of their rows.
  [[nodiscard]] bool may_share_group(std::size_t key, std::size_t other) const;

  /// Whether somebody in the group of a key may use up a budget and give up.
  [[nodiscard]] bool group_may_give_up(std::size_t key) const;

  /// Whether one who is there goes down when another fails.
  [[nodiscard]] bool go_together(const simulated_place& failed, const simulated_place& other) const;

 private:
  void take_state(const trace_event& now);
  void take_process(const trace_event& now);
  void take_process(key_facts& its, std::optional<process_facts>& process, const trace_event& now);
  void take_edit(const trace_event& now);
  void take_call(const trace_event& now);
  void take_failure(const trace_event& now);
  void take_walk(const trace_event& now);
  void take_read(const trace_event& now);
  void take_run(const trace_event& now);
  void take_edit_of_process(const trace_event& now);
  void take_store(const trace_event& now);
  void take_crash(const trace_event& now);
  void take_outliving(const trace_event& now);
  [[nodiscard]] process_facts entering(const trace_event& now) const;
  [[nodiscard]] static bool may_inherit_parking(const key_facts& its, const trace_event& now);
  void note_all_rows_read();
  void take_keep(key_facts& its, const trace_event& now);
  static void forget(key_facts& its);
  static void begin_anew(key_facts& its);
  void keep(key_facts& its, std::size_t key, std::uint64_t generation);
  void move_on(key_facts& its, std::uint64_t generation, std::uint32_t version);
  [[nodiscard]] static std::uint32_t version_of(const key_facts& its);
  void clear_restarts(key_facts& of, bool group_too, std::size_t key);
  void clear_groups(std::size_t key);

  const simulation_plan& plan_;
  simulated_row none_;
  std::map<std::uint32_t, const simulated_row*> rows_;
  std::vector<key_facts> keys_;
  std::vector<restart_facts> groups_;
  std::size_t taken_ = 0;
  std::size_t flushed_ = 0;  // the last flush that was answered: where it was asked for
  std::size_t sure_of_ = 0;  // what was told before this place in the trace outlives the manager
  bool groups_behind_ = false;
  moment now_{};
  moment jumped_to_{-1};
  pass_facts pass_;
  std::size_t reads_open_ = 0;
  moment read_last_{};
  std::size_t untold_ = 0;
  std::vector<std::size_t> runs_waiting_;  // the calls
  std::vector<std::size_t> runs_stopped_;
  std::optional<std::size_t> run_inside_;
  std::map<std::size_t, bool> runs_;  // those whose turn has come, and whether they were in use
  std::optional<std::size_t> run_;    // the call of the present one
  std::optional<moment> run_begun_;
  bool in_use_ = false;
  bool run_forced_ = false;
  std::optional<moment> ends_since_;
  std::size_t ends_told_ = static_cast<std::size_t>(-1);
};

}  // namespace steward::testing
