// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/table.hpp"

#include <map>
#include <mutex>
#include <shared_mutex>
#include <utility>

namespace steward {

/// A table in this process's memory: for what is decided at run time, for tests, and as the definition of how a table behaves.
///
/// Threads: any. Edits take effect at once; an iteration sees each row as it is when its page is read.
/// Cost: logarithmic in the number of rows.
template <class Key, class Value>
class memory_table final : public table<Key, Value> {
 public:
  /// Adds or replaces a row. Returns its new generation.
  std::uint64_t put(const Key& key, std::shared_ptr<const Value> value, wanted what = wanted::up) {
    std::uint64_t generation = 0;
    {
      const std::unique_lock guard(mutex_);
      generation = ++generation_;
      rows_.insert_or_assign(key, row<Value>{std::move(value), what, generation});
    }
    watchers_.tell(&key);
    return generation;
  }
  std::uint64_t put(const Key& key, Value value, wanted what = wanted::up) { return put(key, std::make_shared<const Value>(std::move(value)), what); }

  /// Changes what is wanted of a row. False if there is no such row; nothing changes if it is wanted so already.
  bool set_wanted(const Key& key, wanted what) {
    {
      const std::unique_lock guard(mutex_);
      const auto found = rows_.find(key);
      if (found == rows_.end()) return false;
      if (std::exchange(found->second.wanted, what) == what) return true;
      found->second.generation = ++generation_;
    }
    watchers_.tell(&key);
    return true;
  }

  /// Deletes a row. False if there was none.
  bool erase(const Key& key) {
    {
      const std::unique_lock guard(mutex_);
      if (rows_.erase(key) == 0) return false;
    }
    watchers_.tell(&key);
    return true;
  }

  /// Told of each edit before it returns.
  [[nodiscard]] std::unique_ptr<table_watch> watch(table_hint<Key> hint) override { return watchers_.add(std::move(hint)); }

  [[nodiscard]] std::size_t size() const {
    const std::shared_lock guard(mutex_);
    return rows_.size();
  }

  [[nodiscard]] task<row<Value>> get(context& ctx, const Key& key) override {
    if (auto why = ctx.stop_error()) co_return std::move(*why);
    const std::shared_lock guard(mutex_);
    const auto found = rows_.find(key);
    if (found == rows_.end()) co_return errc::not_found;
    co_return found->second;
  }

 private:
  // Goes on behind the last key, so that rows may come and go between two pages.
  class cursor final : public table_cursor<Key, Value> {
   public:
    explicit cursor(const memory_table& from) noexcept : from_(&from) {}

    task<std::vector<table_entry<Key, Value>>> fetch(context& ctx) override {
      constexpr std::size_t rows_in_a_page = 1024;
      if (auto why = ctx.stop_error()) co_return std::move(*why);
      std::vector<table_entry<Key, Value>> page;
      page.reserve(rows_in_a_page);
      const std::shared_lock guard(from_->mutex_);
      auto at = last_ ? from_->rows_.upper_bound(*last_) : from_->rows_.begin();
      for (; at != from_->rows_.end() && page.size() < rows_in_a_page; ++at) page.push_back({at->first, at->second});
      if (!page.empty()) last_ = page.back().key;
      co_return page;
    }

   private:
    const memory_table* from_;
    std::optional<Key> last_;
  };

  [[nodiscard]] std::unique_ptr<table_cursor<Key, Value>> scan() override { return std::make_unique<cursor>(*this); }

  mutable std::shared_mutex mutex_;
  std::map<Key, row<Value>> rows_;
  std::uint64_t generation_ = 0;
  table_watchers<Key> watchers_;
};

}  // namespace steward
