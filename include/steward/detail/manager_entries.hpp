// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/detail/manager_entry.hpp"
#include "steward/detail/slot_index.hpp"
#include "steward/detail/spin_lock.hpp"
#include "steward/detail/stable_pool.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>

namespace steward::detail {

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

}  // namespace steward::detail
