// SPDX-License-Identifier: Apache-2.0
//
// What outlives a manager: so that one that is started again neither forgets a crash loop nor runs again what is done.
#pragma once

#include "steward/context.hpp"
#include "steward/restart_policy.hpp"
#include "steward/row_state.hpp"
#include "steward/task.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace steward {

/// What is remembered of a key.
struct row_past {
  std::uint64_t incarnation = 0;         ///< the number of the last one; zero if there was none
  std::uint64_t restarts = 0;            ///< automatic ones since the last manual start or edit
  std::uint64_t generation = 0;          ///< of its row, which all that follows belongs to
  row_state state = row_state::stopped;  ///< `completed`, `gave_up`, `backoff` last for that generation; any other is as `stopped`, but where its
                                         ///< process has outlived the manager (`manager_options::outlived`)
  bool parked = false;                   ///< stopped or stopping, and so it stays for that generation: one that it required was lost
  instant since{};                       ///< when it has entered that; zero: nobody knows
  restart_history history{};
  instant until{};             ///< in backoff: when it will be started
  std::optional<exit> last{};  ///< how the last incarnation that has ended did
};

/// Remembers what a manager has come to with each key, and with each group of them.
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

  /// What is remembered of a group, by its name. Never waits.
  [[nodiscard]] virtual restart_history recall_group(const std::string& name) = 0;

  /// Remembers it: at once for `recall_group`, and soon for good. An empty history is as good as none.
  virtual void remember_group(const std::string& name, const restart_history& history) = 0;

  /// Waits until all that was remembered before is remembered for good. A restart that a budget counts waits for it: no crash of this process makes
  /// more restarts of a budget.
  /// Stop: a manager gives it up after `manager_options::read_limit`, and when something else becomes of the key: a stop, a start by hand, an edit,
  /// what its group does, the end of all.
  /// Errors: what kept it from that; it is tried again with the next change. A restart is then done all the same.
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
  explicit memory_state_store(std::map<Key, row_past> survived, std::map<std::string, restart_history> groups = {})
      : now_{std::move(survived), std::move(groups)}, flushed_(now_) {}

  [[nodiscard]] row_past recall(const Key& key) override {
    const std::lock_guard guard(mutex_);
    const auto found = now_.keys.find(key);
    return found == now_.keys.end() ? row_past() : found->second;
  }
  void remember(const Key& key, const row_past& past) override {
    const std::lock_guard guard(mutex_);
    now_.keys.insert_or_assign(key, past);
    changed_keys_.insert(key);
  }
  void forget(const Key& key) override {
    const std::lock_guard guard(mutex_);
    now_.keys.erase(key);
    changed_keys_.insert(key);
  }
  [[nodiscard]] restart_history recall_group(const std::string& name) override {
    const std::lock_guard guard(mutex_);
    const auto found = now_.groups.find(name);
    return found == now_.groups.end() ? restart_history() : found->second;
  }
  void remember_group(const std::string& name, const restart_history& history) override {
    const std::lock_guard guard(mutex_);
    if (history == restart_history())
      now_.groups.erase(name);
    else
      now_.groups.insert_or_assign(name, history);
    changed_groups_.insert(name);
  }
  [[nodiscard]] task<> flush(context& ctx) override {
    if (auto why = ctx.stop_error()) co_return std::move(*why);
    const std::lock_guard guard(mutex_);
    copy(std::exchange(changed_keys_, {}), now_.keys, flushed_.keys);
    copy(std::exchange(changed_groups_, {}), now_.groups, flushed_.groups);
    co_return {};
  }

  /// What a crash at this moment would leave: all that a flush has seen.
  [[nodiscard]] std::map<Key, row_past> survivors() const {
    const std::lock_guard guard(mutex_);
    return flushed_.keys;
  }
  [[nodiscard]] std::map<std::string, restart_history> surviving_groups() const {
    const std::lock_guard guard(mutex_);
    return flushed_.groups;
  }

 private:
  struct memory {
    std::map<Key, row_past> keys;
    std::map<std::string, restart_history> groups;
  };

  template <class Name, class What>
  static void copy(const std::set<Name>& which, const std::map<Name, What>& from, std::map<Name, What>& to) {
    for (const Name& each : which) {
      const auto found = from.find(each);
      if (found == from.end())
        to.erase(each);
      else
        to.insert_or_assign(each, found->second);
    }
  }

  mutable std::mutex mutex_;
  memory now_;
  memory flushed_;
  std::set<Key> changed_keys_;
  std::set<std::string> changed_groups_;
};

}  // namespace steward
