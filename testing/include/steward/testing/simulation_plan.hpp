// SPDX-License-Identifier: Apache-2.0
//
// What a simulation does, drawn from a seed before it begins: rows, how their processes misbehave, and what is done to the manager when.
#pragma once

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

/// One version of a row.
struct simulated_row {
  std::uint32_t version = 0;        ///< tells the versions of all rows of a simulation apart, from 1
  std::vector<simulated_run> runs;  ///< its first run, its second, …; those after the last go without a mishap
  restart_policy policy;
  process_deadlines deadlines;

  /// What happens to the n-th run of this version, from 0.
  [[nodiscard]] simulated_run run(std::size_t n) const { return n < runs.size() ? runs[n] : simulated_run{}; }
};

/// What a key has to do with the others, whatever its row. Keys are numbered in the order in which they were named.
struct simulated_place {
  std::vector<std::size_t> after;
  std::vector<requirement<std::size_t>> required;
  std::optional<std::size_t> group;
  std::uint32_t place = 0;
};

/// What is done to a manager.
enum class deed : unsigned char {
  put,            ///< a row is added or edited
  erase,          ///< a row is deleted
  want_up,        ///< a row is marked as wanted
  want_down,      ///< a row is marked as unwanted
  start,          ///< a key is started by hand
  stop,           ///< a key is stopped by hand
  get,            ///< a key is asked for
  reconcile,      ///< a pass is asked for
  slow_reads,     ///< the table takes a while for every read
  failing_reads,  ///< the table fails, in the middle of an iteration perhaps
  failing_gets,   ///< the table can be iterated, and keys cannot be read
  garble,         ///< the row of a key becomes unreadable
  heal,           ///< no fault any more
  jump,           ///< the machine was asleep: the clock is ahead, and every timer on the way is late
  close,          ///< the manager's callback returns
  force,          ///< the context of the manager's run is stopped
};
inline constexpr std::size_t deeds = 16;

struct simulated_deed {
  deed what{};
  std::chrono::nanoseconds after{};  ///< the one before; at the same instant, a few items of work are run in between
  std::size_t items = 0;
  std::size_t key = 0;
  simulated_row row;                ///< to put
  wanted want = wanted::up;         ///< of what is put
  std::chrono::nanoseconds time{};  ///< how long a caller waits, a read takes, or the machine sleeps
  std::size_t n = 0;                ///< which read fails, from 1; zero: every one
  bool hint = false;                ///< whether the manager is told of an edit, or finds out by itself
};

/// A whole simulation.
struct simulation_plan {
  std::chrono::nanoseconds interval{};
  std::chrono::nanoseconds initial_wait{};
  std::size_t max_starting = 0;
  std::size_t rows_in_a_page = 1024;
  total_deadlines total;
  std::vector<std::string> keys;
  std::vector<simulated_place> places;  ///< of each key
  std::vector<group_policy> groups;
  std::vector<simulated_deed> before;  ///< edits before the manager runs
  std::vector<simulated_deed> deeds;   ///< while it runs, in order

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
  bool jumps = true;       ///< of the clock
  bool early_ends = true;  ///< the manager ends, or is forced, in the middle of it all
};

/// Draws a plan. Pure: the same answers give the same plan.
/// Shape: at least one key; `count` is how many things are done while the manager runs.
[[nodiscard]] simulation_plan draw_plan(choices& source, const std::vector<std::string>& keys, std::size_t count, const simulation_features& with);

/// `"winds_down_slowly"`, `"failing_gets"`. Static storage.
[[nodiscard]] std::string_view to_string(mishap what) noexcept;
[[nodiscard]] std::string_view to_string(deed what) noexcept;

}  // namespace steward::testing
