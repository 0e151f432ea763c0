// SPDX-License-Identifier: Apache-2.0
//
// What a simulation does, drawn from a seed before it begins: rows, how their processes misbehave, and what is done to the manager when.
#pragma once

#include "steward/row_edit.hpp"
#include "steward/supervision.hpp"
#include "steward/table.hpp"
#include "steward/testing/choices.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace steward::testing {

/// What goes wrong with one run of a process.
enum class mishap : unsigned char {
  none,
  is_slow,            ///< ready only after a while
  hangs,              ///< never ready; ends when it is stopped
  fails_to_start,     ///< ends with an error before it is ready
  ends_before_ready,  ///< ends with success before it is ready
  throws,             ///< an exception escapes it
  cannot_be_made,     ///< the factory fails
  ends,               ///< is lost after a while, and ends with success
  crashes,            ///< is lost after a while, and ends with an error
  winds_down_slowly,  ///< takes its time after it was asked to stop, unless it is forced
  ignores_its_stop,   ///< takes its time, forced or not
};
inline constexpr std::size_t mishaps = 11;

/// What happens to one run.
struct simulated_run {
  mishap what = mishap::none;
  std::chrono::nanoseconds time{};  ///< how long it takes, or after how long it happens
};

/// What becomes of a process that is handed a new version while it runs.
enum class reloading : unsigned char {
  succeeds,
  is_slow,  ///< succeeds after a while
  fails,    ///< after a while
  throws,
  hangs,  ///< until its context stops
};
inline constexpr std::size_t reloadings = 5;

/// What an edit to a version asks of the process that runs the one before.
struct simulated_edit {
  row_edit kind = row_edit::restart;
  reloading reload = reloading::succeeds;
  std::chrono::nanoseconds time{};  ///< how long a reload takes
};

/// What a row has to do with the others: whom it needs, and the group that it belongs to. An edit may change all of it. Keys are numbered in the
/// order in which they were named.
struct simulated_place {
  std::vector<std::size_t> after;
  std::vector<requirement<std::size_t>> required;
  std::optional<std::size_t> group;
  std::uint32_t place = 0;
};

/// One version of a row.
struct simulated_row {
  std::uint32_t version = 0;        ///< tells the versions of all rows of a simulation apart, from 1
  std::vector<simulated_run> runs;  ///< its first run, its second, …; those after the last go without a mishap
  restart_policy policy;
  process_deadlines deadlines;
  simulated_place where;
  simulated_edit edit;

  /// What happens to the n-th run of this version, from 0.
  [[nodiscard]] simulated_run run(std::size_t n) const { return n < runs.size() ? runs[n] : simulated_run{}; }
};

/// What is done to a manager.
enum class deed : unsigned char {
  put,            ///< a row is added or edited
  erase,          ///< a row is deleted
  want_up,        ///< a row is marked as wanted
  want_down,      ///< a row is marked as unwanted
  start,          ///< a key is started by hand
  stop,           ///< a key is stopped by hand
  rush,           ///< a few tasks at once start, stop and ask for one key by hand
  get,            ///< a key is asked for
  run,            ///< the manager is run while it runs: this one waits for its turn as long as `time`, and runs for a moment when it comes
  reconcile,      ///< a pass is asked for
  slow_reads,     ///< the table takes a while for every read
  failing_reads,  ///< the table fails, in the middle of an iteration perhaps
  failing_gets,   ///< the table can be iterated, and keys cannot be read
  late_reads,     ///< the table answers a while later, with what was true when it was asked
  hanging_reads,  ///< the page of an iteration, the `n`-th from now, never comes: the read ends when its context stops
  hanging_gets,   ///< the same, for the row of a key
  garble,         ///< the row of a key becomes unreadable
  lose_hints,     ///< the watch tells nothing
  double_hints,   ///< the watch tells everything twice
  delay_hints,    ///< what the watch has to tell in the next `time` comes at its end
  reorder_hints,  ///< the same, and the last comes first
  slow_store,     ///< the store takes a while to remember for good
  failing_store,  ///< it fails to, the `n`-th time from now or every time
  hanging_store,  ///< it hangs, the `n`-th time from now, until its context stops
  deaf_store,     ///< it refuses what it is to remember
  blank_store,    ///< it cannot recall anything
  heal,           ///< no fault any more
  jump,           ///< the machine was asleep: the clock is ahead, and every timer on the way is late
  crash,          ///< the manager is gone, and another one takes its place. What the store had not made sure of is lost, or not; so is what it ran
  close,          ///< the manager's callback returns
  force,          ///< the context of the manager's run is stopped
};
inline constexpr std::size_t deeds = 31;

struct simulated_deed {
  deed what{};
  std::chrono::nanoseconds after{};  ///< the one before; at the same instant, a few items of work are run in between
  std::size_t items = 0;
  std::size_t key = 0;
  simulated_row row;                   ///< to put
  wanted want = wanted::up;            ///< of what is put
  std::chrono::nanoseconds time{};     ///< how long a caller waits, a read takes, or the machine sleeps
  std::size_t n = 0;                   ///< which read or write fails, from 1; zero: every one. Of a crash: zero if the store loses nothing
  bool hint = false;                   ///< whether a pass is asked for after an edit, whatever the watch tells
  std::vector<std::size_t> outlive{};  ///< the keys whose processes outlive a crash
};

/// A whole simulation.
struct simulation_plan {
  std::chrono::nanoseconds interval{};
  std::chrono::nanoseconds initial_wait{};
  std::size_t max_starting = 0;
  std::size_t rows_in_a_page = 1024;
  std::chrono::nanoseconds read_limit{};  ///< of the manager: when a read that hangs is given up
  total_deadlines total;
  std::vector<std::string> keys;
  std::vector<group_policy> groups;
  std::vector<simulated_deed> before;  ///< edits before the manager runs
  std::vector<simulated_deed> deeds;   ///< while it runs, in order
  bool stores = false;                 ///< the manager has a store
  bool runs_again = false;             ///< the manager is run once more when it has ended

  /// A line for each key, group and deed.
  [[nodiscard]] std::string to_string() const;
};

/// What a plan may contain. A law that fails with everything is easier to understand with less.
struct simulation_features {
  bool mishaps = true;
  bool table_faults = true;
  bool deadlines = true;
  bool budgets = true;
  bool requirements = true;
  bool groups = true;
  bool moves = true;            ///< an edit may change whom a row requires, with which loss, and its group
  bool late_reads = true;       ///< among the table's faults: answers that are overtaken by others
  bool hangs = true;            ///< among them: reads that end only when their context stops
  bool lost_hints = true;       ///< among them: the watch tells nothing of an edit
  bool doubled_hints = true;    ///< among them: it tells everything twice
  bool delayed_hints = true;    ///< among them: it tells what was edited a while later
  bool reordered_hints = true;  ///< among them: and the last edit first
  bool runs = true;             ///< the manager is run by others meanwhile, and again when it has ended
  bool jumps = true;            ///< of the clock
  bool early_ends = true;       ///< the manager ends, or is forced, in the middle of it all
  bool edits = true;            ///< an edit may keep a process as it is, or hand it the new version
  bool replaces = true;         ///< among them: a process may be replaced by another, with which it lives for a while
  bool stores = true;           ///< the manager may have a store
  bool store_faults = true;     ///< which may fail
  bool crashes = true;          ///< and the manager may be lost, and followed by another
  bool outliving = true;        ///< which takes over some of the processes that lived under the one before
};

/// Draws a plan. Pure: the same answers give the same plan.
/// Shape: at least one key; `count` is how many things are done while the manager runs.
[[nodiscard]] simulation_plan draw_plan(choices& source, const std::vector<std::string>& keys, std::size_t count, const simulation_features& with);

/// `"winds_down_slowly"`, `"failing_gets"`. Static storage.
[[nodiscard]] std::string_view to_string(mishap what) noexcept;
[[nodiscard]] std::string_view to_string(reloading what) noexcept;
[[nodiscard]] std::string_view to_string(deed what) noexcept;

}  // namespace steward::testing
