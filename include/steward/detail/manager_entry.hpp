// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/detail/maybe_error.hpp"
#include "steward/detail/spin_lock.hpp"
#include "steward/manager_options.hpp"
#include "steward/process.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace steward {

template <class Key, class Value>
class manager;

namespace detail {

/// What a manager knows of one key. Changed on the manager's strand only; what `get` and `status` read of it (marked *), under the lock of its shard
/// too. It is itself the waiter that is woken when its process is gone.
template <class Key, class Value>
struct manager_entry final : waiter {
  class backoff_timer;

  manager_entry(const Key& key, spin_lock& shard, manager<Key, Value>& owner, function gone) noexcept
      : waiter(gone, nullptr), key(key), shard(shard), owner(owner) {
    watch.who = this;
  }

  /// Nothing lives or happens here.
  [[nodiscard]] bool at_rest() const noexcept { return users == 0 && !life && !timer; }

  const Key& key;
  spin_lock& shard;
  manager<Key, Value>& owner;
  done_node watch;

  row_state state = row_state::stopped;  // *
  bool asked = false;                    // its end was asked for: no policy
  bool again = false;                    // start it again when it is gone
  bool erase = false;                    // forget it when it is gone
  bool by_hand = false;                  // somebody waits for this start: what follows a failure is theirs
  bool reread = false;                   // read its row before the next start
  bool initial = false;                  // counted among the first starts
  bool gone = false;                     // what lived has ended; dealt with when nobody is inside any more
  bool has_place = false;                // counted among those that start just now
  bool busy = false;                     // counted among those that are not at rest
  std::uint32_t users = 0;               // coroutines that are inside this entry
  std::uint32_t dependents = 0;          // in the end: those that must be gone before it is asked to stop

  std::uint64_t pass = 0;         // the last pass that saw its row
  std::uint64_t generation = 0;   // *
  std::uint64_t incarnation = 0;  // *
  std::uint64_t restarts = 0;     // *
  restart_history history;
  instant since{};  // *
  instant until{};  // *, in backoff
  instant started_at{};
  instant ready_at{};                  // zero if the present incarnation never was
  std::shared_ptr<const Value> value;  // *
  maybe_error failure;                 // of a start that did not come as far as a process
  std::optional<process> life;
  context* reading = nullptr;      // while its row is read: stop it to end the read
  std::unique_ptr<exit> last;      // *
  backoff_timer* timer = nullptr;  // in backoff
};

/// The entries of a manager by key, in shards, so that readers on many threads seldom meet.
///
/// Threads: `look` and `each_locked` from any; everything else on the manager's strand, which alone changes the map.
template <class Key, class Value>
class manager_entries {
 public:
  using entry = manager_entry<Key, Value>;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  [[nodiscard]] entry* find(const Key& key) noexcept {
    shard& where = shard_of(key);
    const auto found = where.entries.find(key);
    return found == where.entries.end() ? nullptr : &found->second.value();
  }

  /// Adds an entry for a key that has none. Nobody sees it before `fill(entry)` has returned, which is called under the lock of its shard.
  template <class Fill>
  [[nodiscard]] entry& add(const Key& key, manager<Key, Value>& owner, work::function gone, Fill&& fill) {
    shard& where = shard_of(key);
    const std::lock_guard guard(where.lock);
    const auto [at, added] = where.entries.try_emplace(key);
    ++size_;
    entry& made = at->second.emplace(at->first, where.lock, owner, gone);
    fill(made);
    return made;
  }

  void erase(entry& what) noexcept {
    shard& where = shard_of(what.key);
    const std::lock_guard guard(where.lock);
    where.entries.erase(where.entries.find(what.key));
    --size_;
  }

  /// Calls `visit(entry)` for each, on the strand.
  template <class Visit>
  void each(Visit&& visit) {
    for (shard& where : shards_)
      for (auto& [key, held] : where.entries) visit(*held);
  }

  /// Calls `visit(entry)` under the lock of its shard, if there is an entry.
  template <class Visit>
  auto look(const Key& key, Visit&& visit) const {
    const shard& where = shard_of(key);
    const std::lock_guard guard(where.lock);
    const auto found = where.entries.find(key);
    return visit(found == where.entries.end() ? nullptr : &found->second.value());
  }

  /// Calls `visit(entry)` for each under the lock of its shard; other shards may change meanwhile.
  template <class Visit>
  void each_locked(Visit&& visit) const {
    for (const shard& where : shards_) {
      const std::lock_guard guard(where.lock);
      for (const auto& [key, held] : where.entries) visit(*held);
    }
  }

 private:
  static constexpr std::size_t shard_count = 64;

  struct shard {
    mutable spin_lock lock;
    std::unordered_map<Key, std::optional<entry>> entries;
  };

  // The upper bits of a mixed hash: the map below uses the lower ones, and the standard's hash of an integer is the integer.
  [[nodiscard]] static std::size_t index_of(const Key& key) noexcept {
    constexpr std::uint64_t golden_ratio = 0x9e3779b97f4a7c15;
    return (std::hash<Key>()(key) * golden_ratio) >> 58;
  }
  [[nodiscard]] shard& shard_of(const Key& key) noexcept { return shards_[index_of(key)]; }
  [[nodiscard]] const shard& shard_of(const Key& key) const noexcept { return shards_[index_of(key)]; }

  std::array<shard, shard_count> shards_;
  std::size_t size_ = 0;
};

}  // namespace detail
}  // namespace steward
