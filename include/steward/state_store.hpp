// SPDX-License-Identifier: Apache-2.0
//
// What outlives a manager: so that one that is started again neither forgets a crash loop nor runs again what is done.
#pragma once

#include "steward/reconcile.hpp"
#include "steward/restart_policy.hpp"
#include "steward/task.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>

namespace steward {

/// What is remembered of a key.
struct row_past {
  std::uint64_t incarnation = 0;         ///< the number of the last one; zero if there was none
  std::uint64_t restarts = 0;            ///< automatic ones since the last manual start or edit
  std::uint64_t generation = 0;          ///< of its row, which all that follows belongs to
  row_state state = row_state::stopped;  ///< `completed`, `gave_up` and `backoff` last for that generation; any other is as good as `stopped`
  restart_history history{};
  instant until{};             ///< in backoff: when it will be started
  std::optional<exit> last{};  ///< how the last incarnation that has ended did
};

/// Remembers what a manager has come to with each key.
///
/// Threads: a manager calls it from its strand, one call at a time, and from one run at a time.  Lifetime: longer than the manager's.
template <class Key>
class state_store {
 public:
  /// What is remembered of a key. Never waits: what is stored elsewhere has been read before.
  [[nodiscard]] virtual row_past recall(const Key& key) = 0;

  /// Remembers it: at once for `recall`, and soon for good.
  virtual void remember(const Key& key, const row_past& past) = 0;

  /// Its row is gone.
  virtual void forget(const Key& key) = 0;

  /// Waits until all that was remembered before is remembered for good. A restart that a budget counts waits for it: no crash of this process makes
  /// more restarts of a budget.
  /// Errors: what kept it from that; it is tried again with the next change.
  [[nodiscard]] virtual task<> flush(context& ctx) = 0;

  state_store() = default;
  state_store(const state_store&) = delete;
  state_store& operator=(const state_store&) = delete;
  virtual ~state_store() = default;
};

/// Remembers for as long as it lives: over the runs of managers in one process.
///
/// Threads: any.
template <class Key>
class memory_state_store final : public state_store<Key> {
 public:
  memory_state_store() = default;

  /// With what another one had made sure of: what a crash would have left of it.
  explicit memory_state_store(std::map<Key, row_past> survived) : pasts_(survived), flushed_(std::move(survived)) {}

  [[nodiscard]] row_past recall(const Key& key) override {
    const std::lock_guard guard(mutex_);
    const auto found = pasts_.find(key);
    return found == pasts_.end() ? row_past() : found->second;
  }
  void remember(const Key& key, const row_past& past) override {
    const std::lock_guard guard(mutex_);
    pasts_.insert_or_assign(key, past);
    changed_.insert(key);
  }
  void forget(const Key& key) override {
    const std::lock_guard guard(mutex_);
    pasts_.erase(key);
    changed_.insert(key);
  }
  [[nodiscard]] task<> flush(context& ctx) override {
    if (auto why = ctx.stop_error()) co_return std::move(*why);
    const std::lock_guard guard(mutex_);
    for (const Key& key : changed_) {
      const auto found = pasts_.find(key);
      if (found == pasts_.end())
        flushed_.erase(key);
      else
        flushed_.insert_or_assign(key, found->second);
    }
    changed_.clear();
    co_return {};
  }

  /// What a crash at this moment would leave: all that a flush has seen.
  [[nodiscard]] std::map<Key, row_past> survivors() const {
    const std::lock_guard guard(mutex_);
    return flushed_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<Key, row_past> pasts_;
  std::map<Key, row_past> flushed_;
  std::set<Key> changed_;
};

}  // namespace steward
