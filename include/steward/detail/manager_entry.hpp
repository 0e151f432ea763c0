// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/detail/alarm.hpp"
#include "steward/detail/maybe_error.hpp"
#include "steward/detail/planted.hpp"
#include "steward/detail/slot_index.hpp"
#include "steward/detail/spin_lock.hpp"
#include "steward/detail/stable_pool.hpp"
#include "steward/manager_options.hpp"
#include "steward/process.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace steward {

template <class Key, class Value>
class manager;

namespace detail {

template <class Entry>
class entry_queue;

template <class Entry>
struct manager_group;

/// While an entry lives: what it requires, and which incarnations of these wait for it to be gone.
template <class Key>
struct entry_bonds {
  std::vector<requirement<Key>> required;
  std::vector<std::pair<Key, std::uint64_t>> held;
};

/// Why an entry is held back, and where it stands meanwhile.
template <class Entry, class Key>
struct entry_wait {
  const std::vector<Key> needs;  // these must be running first
  entry_queue<Entry>* queue = nullptr;
  Entry* ahead = nullptr;
  Entry* behind = nullptr;
};

/// The incarnation that a replacement has left behind, until it is gone.
struct manager_predecessor {
  process& what;
  std::uint64_t incarnation;
  instant since;  // it was asked to stop, or given up on
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
  bool asked = false;                    // its end was asked for: no policy
  bool again = false;                    // start it again when it is gone
  bool erase = false;                    // forget it when it is gone
  bool by_hand = false;                  // somebody waits for this start: what follows a failure is theirs
  bool reread = false;                   // read its row before the next start
  bool initial = false;                  // counted among the first starts
  bool gone = false;                     // what lived has ended; dealt with when nobody is inside any more
  bool has_place = false;                // counted among those that start just now
  bool restart = false;                  // the next start is one by policy
  bool busy = false;                     // counted among those that are not at rest
  bool requested = false;                // * its process was asked, not only meant to be: those that require it are gone
  bool late = false;                     // it was not ready by its deadline
  bool forced = false;                   // * a deadline has forced it
  bool parked = false;                   // * one that it required is lost: stays down for this generation
  bool unwanted = false;                 // * its row does not want it
  bool regroup = false;                  // * starts again together with its group
  bool gives_up = false;                 // its group has used up its budget
  bool counted = false;                  // the next start is one that a budget counts
  bool editing = false;                  // takes over a new row while it runs
  bool circle_told = false;              // that it waits for itself: once for each generation
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
  maybe_error failure;  // of a start that did not come as far as a process
  std::unique_ptr<process> life;
  context* reading = nullptr;  // while its row is read or taken over: stop it to end that
  std::unique_ptr<exit> last;  // *

  std::unique_ptr<manager_predecessor> before;  // * what lives beside it, after a replacement

  std::unique_ptr<Key> because_of;  // * whose end took the present or last incarnation down

  std::unique_ptr<entry_bonds<Key>> bonds;  // empty if it requires nothing
  manager_group<manager_entry>* team = nullptr;

  std::unique_ptr<entry_wait<manager_entry, Key>> wait;  // *, in waiting

  detail::alarm<manager_entry>* alarm = nullptr;  // in backoff: its end; while it starts or stops: the deadline
};

/// Changes one of those that are read under the lock. What it was before is destroyed without it: it may be the user's.
template <class Entry, class T>
void mark(Entry& e, T Entry::* what, std::type_identity_t<T> to) noexcept {
  const std::lock_guard guard(e.shard);
  std::swap(e.*what, to);
}

/// It goes down because of another.
template <class Key, class Value>
void blame(manager_entry<Key, Value>& e, const Key& whom) {
  mark(e, &manager_entry<Key, Value>::because_of, std::make_unique<Key>(whom));
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

/// Which rows the table says have changed, and nobody has looked at yet.
template <class Key>
struct manager_hints {
  std::vector<Key> keys;
  bool all = false;     // any row may have
  bool posted = false;  // somebody is on the way to look
};

/// What becomes of an entry that lives when `key`, which it requires, is lost.
template <class Key, class Value>
[[nodiscard]] on_loss loss_of(const manager_entry<Key, Value>& e, const Key& key) {
  for (const requirement<Key>& each : e.bonds->required)
    if (each.key == key) return each.loss;
  return on_loss::ignore;
}

/// Whether what becomes of a member is its group's to say.
template <class Key, class Value>
[[nodiscard]] bool takes_part(const manager_entry<Key, Value>& e) noexcept {
  switch (e.state) {
    case row_state::stopped:
    case row_state::completed:
    case row_state::gave_up:
      return false;
    case row_state::stopping:
    case row_state::abandoned:
      return !e.asked || e.regroup;
    case row_state::waiting:
    case row_state::starting:
    case row_state::running:
    case row_state::backoff:
      return true;
  }
  return false;
}

/// Entries that may go down and come up together.
template <class Entry>
struct manager_group {
  std::string name;
  std::vector<Entry*> members;
  std::vector<Entry*> pending;  // those that are started again together, when the time has come and none of them lives any more
  restart_history history;
  instant until{};
  alarm<manager_group>* timer = nullptr;
  bool deciding = false;  // nobody is started before it is clear who goes down
};

/// Entries that are held back, in order of arrival. The queue runs through the entries: each is in one at most, and may leave it from anywhere.
template <class Entry>
class entry_queue {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] Entry& first() const noexcept { return *first_; }

  void push(Entry& e) noexcept {
    e.wait->queue = this;
    e.wait->ahead = last_;
    e.wait->behind = nullptr;
    (last_ != nullptr ? last_->wait->behind : first_) = &e;
    last_ = &e;
  }

  /// Takes an entry out of the queue that it is in, if it is in one.
  static void remove(Entry& e) noexcept {
    entry_queue* const from = e.wait ? std::exchange(e.wait->queue, nullptr) : nullptr;
    if (from == nullptr) return;
    Entry* const ahead = e.wait->ahead;
    Entry* const behind = e.wait->behind;
    (ahead != nullptr ? ahead->wait->behind : from->first_) = behind;
    (behind != nullptr ? behind->wait->ahead : from->last_) = ahead;
  }

 private:
  Entry* first_ = nullptr;
  Entry* last_ = nullptr;
};

/// The entries of a manager, beside one another in memory and found by key through an index in shards, so that readers on many threads seldom meet.
///
/// Threads: `look` and `each_locked` from any; everything else on the manager's strand, which alone changes what is here.
template <class Key, class Value>
class manager_entries {
 public:
  using entry = manager_entry<Key, Value>;

  [[nodiscard]] std::size_t size() const noexcept { return pool_.size(); }

  [[nodiscard]] entry* find(const Key& key) noexcept {
    const std::uint64_t hash = hash_of(key);
    const std::uint32_t number = number_of(shard_of(hash), hash, key);
    return number == slot_index::none ? nullptr : &pool_.at(number);
  }

  /// Has the memory fetched that `find` will look at first. On the strand.
  void prefetch(const Key& key) const noexcept {
    const std::uint64_t hash = hash_of(key);
    shard_of(hash).index.prefetch(tag_of(hash));
  }

  /// Adds an entry for a key that has none. Nobody sees it before `fill(entry)` has returned.
  template <class Fill>
  [[nodiscard]] entry& add(const Key& key, manager<Key, Value>& owner, work::function gone, Fill&& fill) {
    const std::uint64_t hash = hash_of(key);
    shard& where = shard_of(hash);
    const std::uint32_t number = pool_.add(key, where.lock, owner, gone);
    entry& added = pool_.at(number);
    added.number = number;
    fill(added);
    try {
      const std::lock_guard guard(where.lock);
      where.index.add(tag_of(hash), number);
    } catch (...) {
      pool_.remove(number);
      throw;
    }
    return added;
  }

  void erase(entry& what) noexcept {
    const std::uint64_t hash = hash_of(what.key);
    shard& where = shard_of(hash);
    {
      const std::lock_guard guard(where.lock);
      where.index.remove(tag_of(hash), what.number);
    }
    pool_.remove(what.number);  // nobody finds it any more, and what is the user's is destroyed without a lock
  }

  /// A walk over all, on the strand, that may be interrupted: `for (std::uint32_t i = 0; i < end(); ++i) if (entry* e = at(i)) …`
  [[nodiscard]] std::uint32_t end() const noexcept { return pool_.end(); }
  [[nodiscard]] entry* at(std::uint32_t number) noexcept { return pool_.find(number); }

  /// Calls `visit(entry)` for each, on the strand.
  template <class Visit>
  void each(Visit&& visit) {
    for (std::uint32_t i = 0; i < end(); ++i)
      if (entry* const e = at(i)) visit(*e);
  }

  /// Calls `visit(entry)` under the lock of its shard, if there is an entry.
  template <class Visit>
  auto look(const Key& key, Visit&& visit) const {
    const std::uint64_t hash = hash_of(key);
    const shard& where = shard_of(hash);
    const std::lock_guard guard(where.lock);
    const std::uint32_t number = number_of(where, hash, key);
    return visit(number == slot_index::none ? nullptr : &pool_.at(number));
  }

  /// Calls `visit(entry)` for each under the lock of its shard; other shards may change meanwhile.
  template <class Visit>
  void each_locked(Visit&& visit) const {
    for (const shard& where : shards_) {
      const std::lock_guard guard(where.lock);
      where.index.each([&](std::uint32_t number) { visit(pool_.at(number)); });
    }
  }

 private:
  static constexpr std::size_t shard_bits = 6;

  struct alignas(64) shard {
    mutable spin_lock lock;
    slot_index index;
  };

  // The standard's hash of an integer is the integer: it is mixed, and the upper bits are used, the topmost for the shard, the next for the index.
  [[nodiscard]] static std::uint64_t hash_of(const Key& key) noexcept {
    constexpr std::uint64_t golden_ratio = 0x9e3779b97f4a7c15;
    const std::uint64_t plain = std::hash<Key>()(key);
    return (plain ^ (plain >> 32U)) * golden_ratio;
  }
  [[nodiscard]] static std::uint32_t tag_of(std::uint64_t hash) noexcept { return static_cast<std::uint32_t>(hash >> (32 - shard_bits)); }
  [[nodiscard]] shard& shard_of(std::uint64_t hash) noexcept { return shards_[hash >> (64 - shard_bits)]; }
  [[nodiscard]] const shard& shard_of(std::uint64_t hash) const noexcept { return shards_[hash >> (64 - shard_bits)]; }
  [[nodiscard]] std::uint32_t number_of(const shard& where, std::uint64_t hash, const Key& key) const {
    return where.index.find(tag_of(hash), [&](std::uint32_t number) { return pool_.at(number).key == key; });
  }

  std::array<shard, std::size_t{1} << shard_bits> shards_;
  stable_pool<entry> pool_;
};

}  // namespace detail
}  // namespace steward
