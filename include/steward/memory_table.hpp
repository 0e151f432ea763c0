// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/detail/sorted_pages.hpp"
#include "steward/table.hpp"

#include <mutex>
#include <shared_mutex>
#include <utility>

namespace steward {

/// A table in this process's memory: for what is decided at run time, for tests, and as the definition of how a table behaves.
///
/// Threads: any. Edits take effect at once; an iteration sees each row as it is when its page is read.
/// Cost: an edit and a look are logarithmic in the number of rows, an iteration goes through memory in its order.
template <class Key, class Value>
class memory_table final : public table<Key, Value> {
 public:
  /// Adds or replaces a row. Returns its new generation.
  std::uint64_t put(const Key& key, std::shared_ptr<const Value> value, wanted what = wanted::up) {
    std::uint64_t generation = 0;
    {
      const std::unique_lock guard(mutex_);
      generation = ++generation_;
      rows_.put(key, row<Value>{std::move(value), what, generation});
    }
    watchers_.tell(&key);
    return generation;
  }
  std::uint64_t put(const Key& key, Value value, wanted what = wanted::up) { return put(key, std::make_shared<const Value>(std::move(value)), what); }

  /// Changes what is wanted of a row. False if there is no such row; nothing changes if it is wanted so already.
  bool set_wanted(const Key& key, wanted what) {
    {
      const std::unique_lock guard(mutex_);
      row<Value>* const found = rows_.find(key);
      if (found == nullptr) return false;
      if (std::exchange(found->wanted, what) == what) return true;
      found->generation = ++generation_;
    }
    watchers_.tell(&key);
    return true;
  }

  /// Deletes a row. False if there was none.
  bool erase(const Key& key) {
    {
      const std::unique_lock guard(mutex_);
      if (!rows_.erase(key)) return false;
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
    const row<Value>* const found = rows_.find(key);
    if (found == nullptr) co_return errc::not_found;
    co_return *found;
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
      from_->rows_.walk_behind(last_ ? &*last_ : nullptr, [&page](const auto& each) {
        page.push_back({each.key, each.value});
        return page.size() < rows_in_a_page;
      });
      if (!page.empty()) last_ = page.back().key;
      co_return page;
    }

   private:
    const memory_table* from_;
    std::optional<Key> last_;
  };

  [[nodiscard]] std::unique_ptr<table_cursor<Key, Value>> scan() override { return std::make_unique<cursor>(*this); }

  mutable std::shared_mutex mutex_;
  detail::sorted_pages<Key, row<Value>> rows_;
  std::uint64_t generation_ = 0;
  table_watchers<Key> watchers_;
};

}  // namespace steward
