// SPDX-License-Identifier: Apache-2.0
//
// What a manager is told, and what it tells.
#pragma once

#include "steward/exit.hpp"
#include "steward/row_edit.hpp"
#include "steward/row_state.hpp"
#include "steward/state_store.hpp"
#include "steward/supervision.hpp"
#include "steward/task.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace steward {

/// What is known of one key at an instant.
template <class Key>
struct row_status {
  row_state state = row_state::stopped;
  std::uint64_t generation = 0;   ///< of the row that the last incarnation was started from, or that was seen last
  std::uint64_t incarnation = 0;  ///< the number of the last incarnation, or, from `starting` on, of this one; zero if there was none
  std::uint64_t restarts = 0;     ///< automatic ones since the last manual start or edit
  instant since{};                ///< since when it is in this state
  std::optional<instant> until;   ///< in backoff: when it will be started
  std::optional<exit> last;       ///< how the last incarnation that has ended did
  std::vector<Key> waiting_for;   ///< in waiting: who is not ready yet
  std::optional<Key> because_of;  ///< whose end took the last incarnation down
};

/// What an event and its record have in common.
struct manager_news {
  row_state state{};  ///< with a key and no problem: the state that it has just entered
  std::uint64_t generation = 0;
  std::uint64_t incarnation = 0;
  std::optional<instant> until;  ///< in backoff: when it will be started
  instant at{};
};

/// Something that happened. Handed out by reference for the time of the call.
template <class Key>
struct manager_event : manager_news {
  const Key* key = nullptr;         ///< empty if it concerns no single key
  const exit* ended = nullptr;      ///< when an incarnation has ended: how
  const error* problem = nullptr;   ///< an error that nobody else receives
  const Key* because_of = nullptr;  ///< whose end takes this one down
};

/// The same, for those who follow the events of a manager: it owns what it tells. There are two because this one takes copies, of a key and of an
/// end, that `on_event` need not pay for.
template <class Key>
struct manager_record : manager_news {
  manager_record() = default;
  explicit manager_record(const manager_event<Key>& from) : manager_news(from) {
    if (from.key != nullptr) key = *from.key;
    if (from.ended != nullptr) ended = *from.ended;
    if (from.problem != nullptr) problem = *from.problem;
    if (from.because_of != nullptr) because_of = *from.because_of;
  }

  std::optional<Key> key;         ///< empty if it concerns no single key
  std::optional<exit> ended;      ///< when an incarnation has ended: how
  std::optional<error> problem;   ///< an error that nobody else receives
  std::optional<Key> because_of;  ///< whose end takes this one down
};

/// How a manager works. Every function may be empty; an exception from one becomes an error event (R7). All are called one at a time, by whichever
/// thread carries out the manager's decisions at that moment, and under no lock.
template <class Key, class Value>
struct manager_options {
  std::chrono::nanoseconds interval = std::chrono::seconds(60);     ///< between two passes (M3)
  std::chrono::nanoseconds initial_wait = std::chrono::seconds(1);  ///< how long the first starts may keep `run` from being ready (M2)
  /// How long the table may take for a row, or until the next of all rows comes; and the store to make sure of a restart, which is done then all the
  /// same.
  std::chrono::nanoseconds read_limit = std::chrono::seconds(30);
  bool watch = true;             ///< look at what the table says has changed at once, if it can tell
  std::size_t max_starting = 0;  ///< how many start at a time; zero is no limit

  /// The restart policy of a row. By default `always`, with the default delays.
  std::function<restart_policy(const Key&, const Value&)> policy;

  /// How long each phase of a process may take. By default as long as it likes.
  std::function<process_deadlines(const Key&, const Value&)> deadlines;

  /// One limit for all first starts, and one for the whole end.
  total_deadlines total;

  /// Which other keys must be running before this one is started. In the end it is asked to stop before they are.
  std::function<std::vector<Key>(const Key&, const Value&)> after;

  /// Which other keys must be running before this one is started and as long as it lives. When one of them is to be stopped, this one is stopped
  /// first; when one of them is lost, this one is asked to stop at once. What follows is its `loss`. Those of an incarnation are asked for when it
  /// starts.
  std::function<std::vector<requirement<Key>>(const Key&, const Value&)> requirements;

  /// The group that a process belongs to; empty for none.
  std::function<std::optional<group_place>(const Key&, const Value&)> group;

  /// The policy of a group, by its name. By default `one_for_one`, without a budget.
  std::function<group_policy(const std::string&)> groups;

  /// What an edit of a row asks of its process while that lives. By default `restart`. `keep` is for edits of policy alone: what the other functions
  /// say of `now` holds from then on. What starts can be kept, and is restarted else; what would require from now on a key that does not run is
  /// restarted.
  std::function<row_edit(const Key&, const Value& was, const Value& now)> edit;

  /// Hands a new value to a process that runs, for `row_edit::reload`. Its context stops when the process is asked to stop or has ended, and
  /// at the start deadline of the new value. A failure restarts the process. Runs on the scheduler of the manager's run, beside whatever else goes
  /// on.
  std::function<task<>(context&, const Key&, const std::shared_ptr<const Value>& now)> reload;

  /// Receives every state change and every error, one at a time, in order. It must not wait; what it calls of the manager must not wait either.
  std::function<void(const manager_event<Key>&)> on_event;

  /// What outlives the manager; empty: nothing does.
  state_store<Key>* store = nullptr;

  /// Whether the process of a key has outlived the manager that began it, as one that a keeper holds does. Whatever it comes after, it is started as
  /// soon as its row is read, so that the factory can take it over; if its `row_past::state` is `stopping` or `abandoned` it is asked to stop
  /// again, and then started anew. Asked when the manager hears of a key first, after the store. Not to be said of one whose row does not
  /// want it, or wants another: that is not taken over, and is the caller's to end. By default none has.
  std::function<bool(const Key&)> outlived;

  /// A random number in [-1, 1) for the jitter of delays. By default from a generator seeded by the system.
  std::function<double()> spread;
};

}  // namespace steward
