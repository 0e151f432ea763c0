// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/detail/alarm.hpp"
#include "steward/detail/entry_queue.hpp"
#include "steward/detail/maybe_error.hpp"
#include "steward/detail/planted.hpp"
#include "steward/detail/spin_lock.hpp"
#include "steward/manager_options.hpp"
#include "steward/process.hpp"
#include "steward/reconcile.hpp"
#include "steward/sequel.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace steward {

template <class Key, class Value>
class manager;

namespace detail {

template <class Entry>
struct entry_group;

/// While an entry lives: what it requires, and which incarnations of these wait for it to be gone.
template <class Key>
struct entry_bonds {
  std::vector<requirement<Key>> required;
  std::vector<std::pair<Key, std::uint64_t>> held;
};

/// What the loss of `key` does to one that requires these; empty: it is not among them.
template <class Key>
[[nodiscard]] std::optional<on_loss> loss_in(const std::vector<requirement<Key>>& required, const Key& key) {
  const auto found = std::ranges::find(required, key, &requirement<Key>::key);
  return found == required.end() ? std::nullopt : std::optional(found->loss);
}

/// Whether an edit makes it require one whose loss did not touch it.  Shape: `before` is empty where it did not require that one at all.
[[nodiscard]] constexpr bool is_new_requirement(std::optional<on_loss> before, on_loss after) noexcept {
  return !before || (*before == on_loss::ignore && after != on_loss::ignore);
}

/// How a start comes about.
enum class start_cause : unsigned char {
  row,      // its row, which has just been read
  resumed,  // it went down to be started again, and its row is to be read again
  policy,   // the same, and it counts as a restart
  hand,     // somebody waits for it: what follows a failure is theirs
};

/// What the process of an incarnation was told about its end. Each is more than the one before.
enum class end_request : unsigned char {
  none,        // nothing: it may be meant to stop, and those that require it are not gone
  stop,        // to stop
  force,       // by force
  late_start,  // by force, because it was not ready by its deadline
};

[[nodiscard]] constexpr bool is_forced(end_request what) noexcept { return what >= end_request::force; }

/// Of two incarnations of a key the one that has to go, until it is gone: the former one, or one that could not take its place.
struct manager_leftover {
  process& what;
  std::uint64_t incarnation = 0;
  instant since{};  // it was asked to stop, or given up on
  bool forced = false;
};

/// What a manager knows of one key. Changed on the manager's strand only; what `get` and `status` read of it (marked *), under the lock of its shard
/// too. It is itself the waiter that is woken when its process is gone.
template <class Key, class Value>
struct alignas(64) manager_entry final : waiter {
  manager_entry(const Key& key, spin_lock& shard, manager<Key, Value>& owner, function gone) noexcept
      : waiter(gone, nullptr), key(key), shard(shard), owner(owner) {
    watch.who = this;
  }

  /// Nothing lives or happens here.
  [[nodiscard]] bool at_rest() const noexcept { return users == 0 && !life && !alarm; }

  // What `get` reads comes first: with a small key it is one cache line.
  const Key key;
  row_state state = row_state::stopped;  // *
  start_cause cause{};                   // of its next start, until that is over
  end_request request{};                 // * to its process
  sequel follows{};                      // * its end; while it waits for its group to start again, too
  bool erase = false;                    // forget it when it is gone
  bool initial = false;                  // counted among the first starts
  bool gone = false;                     // what lived has ended; dealt with when nobody is inside any more
  bool has_place = false;                // counted among those that start just now
  bool busy = false;                     // counted among those that are not at rest
  bool parked = false;                   // * one that it required is lost: stays down for this generation
  bool unwanted = false;                 // * its row does not want it
  bool counted = false;                  // the next start is one that a budget counts
  bool makes_sure = false;               // * that is being written down, and it is launched after that
  bool editing = false;                  // takes over a new row while it runs
  bool hands_over = false;               // its new row is being handed to it, or to its successor
  bool circle_told = false;              // that it waits for itself: once for each generation
  bool outlived = false;                 // its process is that of a former manager, and is to be taken over
  sequel inherited{};                    // and had been asked to stop: what was to follow that
  bool has_number = false;               // `incarnation` is that of a start which has not come to a process
  std::shared_ptr<const Value> value;    // *

  spin_lock& shard;
  manager<Key, Value>& owner;
  done_node watch;
  std::uint32_t number = 0;      // in the pool
  std::uint32_t users = 0;       // coroutines that are inside this entry
  std::uint32_t dependents = 0;  // in the end: those that must be gone before it is asked to stop
  std::uint32_t place = 0;       // in its group

  std::uint64_t pass = 0;         // the last pass that saw its row
  std::uint64_t noticed = 0;      // the newest generation of its row that anybody has read; zero: none, or it is deleted
  std::uint64_t generation = 0;   // *
  std::uint64_t incarnation = 0;  // *
  std::uint64_t restarts = 0;     // *
  restart_history history;
  instant since{};  // *
  instant until{};  // *, in backoff and under a deadline
  instant started_at{};
  instant ready_at{};   // zero if the present incarnation never was
  instant asked_at{};   // its process, to stop; only where it was requested
  maybe_error failure;  // of a start that did not come as far as a process
  std::unique_ptr<process> life;
  context* reading = nullptr;  // while its row is read or taken over, or its restart is written down: stop it to end that
  std::unique_ptr<exit> last;  // *

  const manager_leftover* leftover = nullptr;  // * what lives beside it because of a replacement, and has to go

  std::unique_ptr<Key> because_of;  // * whose end took the present or last incarnation down

  std::unique_ptr<entry_bonds<Key>> bonds;  // empty if it requires nothing
  entry_group<manager_entry>* group = nullptr;

  std::unique_ptr<entry_wait<manager_entry, Key>> wait;  // *, in waiting

  detail::alarm<manager_entry>* alarm = nullptr;  // in backoff: its end; while it starts or stops: the deadline
};

/// Changes one of those that are read under the lock. What it was before is destroyed without it: it may be the user's.
template <class Entry, class T>
void mark(Entry& e, T Entry::* what, std::type_identity_t<T> to) noexcept {
  const std::lock_guard guard(e.shard);
  std::swap(e.*what, to);
}

/// The number of the incarnation that is being started: one that comes to no process gives it back.
template <class Key, class Value>
void take_number(manager_entry<Key, Value>& e) noexcept {
  if (!std::exchange(e.has_number, true)) mark(e, &manager_entry<Key, Value>::incarnation, e.incarnation + 1);
}

/// A start has come to no process.
template <class Key, class Value>
void give_back_number(manager_entry<Key, Value>& e) noexcept {
  if (std::exchange(e.has_number, false)) mark(e, &manager_entry<Key, Value>::incarnation, e.incarnation - 1);
}

/// What a decision about its row looks at.
template <class Key, class Value>
[[nodiscard]] row_facts facts_of(const manager_entry<Key, Value>& e) noexcept {
  return {.state = e.state, .parked = e.parked, .reading = e.state == row_state::starting && e.reading != nullptr, .follows = e.follows};
}

/// It goes down because of another.
template <class Key, class Value>
void blame(manager_entry<Key, Value>& e, const Key& whom) {
  mark(e, &manager_entry<Key, Value>::because_of, std::make_unique<Key>(whom));
}

/// Its row has been edited: what it stayed down for, or is to stay down for, was that of another generation.
template <class Key, class Value>
void stay_down_no_more(manager_entry<Key, Value>& e) noexcept {
  if (e.parked) mark(e, &manager_entry<Key, Value>::parked, false);
  if (e.inherited == sequel::stopped) e.inherited = sequel::start_again;
}

/// Whatever took it down does not count any more.
template <class Key, class Value>
void pardon(manager_entry<Key, Value>& e) noexcept {
  if (e.parked) mark(e, &manager_entry<Key, Value>::parked, false);
  if (e.because_of) mark(e, &manager_entry<Key, Value>::because_of, nullptr);
}

template <class Key, class Value>
void drop_alarm(manager_entry<Key, Value>& e) noexcept {
  alarm<manager_entry<Key, Value>>::drop(std::exchange(e.alarm, nullptr));
}

}  // namespace detail
}  // namespace steward
