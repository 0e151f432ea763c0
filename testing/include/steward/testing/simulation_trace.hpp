// SPDX-License-Identifier: Apache-2.0
//
// What happened in a simulation, in order: what the table, the callers and the clock did, what the processes went through, and what the manager told.
#pragma once

#include "steward/exit.hpp"
#include "steward/row_state.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace steward::testing {

enum class happening : unsigned char {
  row_put,         ///< a row is now of this generation and version, and wanted or not
  row_erased,      ///< a row is no more
  fault,           ///< the table begins to misbehave
  healed,          ///< the table works again
  jumped,          ///< the clock was set forward, to this instant
  hint,            ///< the manager was asked to look
  get_asked,       ///< the manager reads a row
  get_answered,    ///< with its generation, without one if there is none, or with an error
  fetch_asked,     ///< the manager reads a page of an iteration
  row_seen,        ///< a row of this page, or why it cannot be read
  fetch_answered,  ///< it was the last if there is nothing more
  read_given_up,   ///< its context has stopped
  run_called,      ///< somebody runs the manager; from inside its own callback, if not `yes`
  run_begun,       ///< it was the turn of the next
  run_answered,
  start_called,  ///< somebody has called `start`
  start_answered,
  stop_called,
  stop_answered,
  looked,           ///< what `get` said
  state,            ///< the manager told a state
  problem,          ///< the manager told an error
  begun,            ///< a process runs
  ready,            ///< it has called its callback
  lost,             ///< it is no longer usable
  asked,            ///< its callback has returned
  forced,           ///< its context has stopped
  ended,            ///< its run is over
  edit_asked,       ///< the manager has asked what an edit to this version asks of the process
  reload_begun,     ///< the process is handed this version
  reload_answered,  ///< it has taken it, or not
  reload_given_up,  ///< it has not, and its context has stopped
  refused,          ///< the store has not remembered what it was told of a key, or of some group
  not_recalled,     ///< the store has failed to say what it remembers of a key, or of some group
  flush_asked,      ///< the manager has the store make sure of all that it was told
  flush_answered,
  crashed,     ///< the manager is gone, with its processes; and what its store had not made sure of, if not `yes`
  outlives,    ///< but this process goes on, without anybody who watches it
  taken_over,  ///< it is what the next manager has begun, under this number and as its row is now
  in_use,      ///< the manager has called its callback
  closing,     ///< which returns
  run_forced,
  settled,  ///< everything has had its time: what runs should be what the rows want
  status,   ///< what `status` says, after `settled`
  over,     ///< the manager's run has completed
  stuck,    ///< it has not, in all the time there is
};
inline constexpr std::size_t happenings = 46;

struct trace_event {
  static constexpr std::size_t no_key = static_cast<std::size_t>(-1);

  std::chrono::nanoseconds at{};  ///< since the begin
  happening what{};
  std::size_t key = no_key;
  row_state state{};
  std::uint64_t generation = 0;
  std::uint64_t incarnation = 0;
  std::uint32_t version = 0;          ///< of the row, or of the one that a process runs
  bool yes = true;                    ///< wanted; succeeded; there is one
  std::optional<exit_reason> reason;  ///< of a state that follows an end
  std::size_t because_of = no_key;
  /// Where in the trace: of an answer, its call; of what happens to a process, its begin; of a page, that for the first of its iteration.
  std::size_t call = 0;
  std::string text;  ///< of an error, also of the one with which a process has ended
};

using simulation_trace = std::vector<trace_event>;

/// One line, such as `12ms a #2 running, generation 3`.  Shape: `keys` are the names of the keys.
[[nodiscard]] std::string to_string(const trace_event& what, const std::vector<std::string>& keys);
[[nodiscard]] std::string_view to_string(happening what) noexcept;

}  // namespace steward::testing
