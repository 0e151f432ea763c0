// SPDX-License-Identifier: Apache-2.0
//
// Hints that rows of a table have changed.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <utility>

namespace steward {

/// One who is told that rows have changed, for as long as this lives. When its destructor has returned, no call of the function runs or follows.
/// Lifetime: shorter than the table's.
class table_watch {
 public:
  table_watch() = default;
  table_watch(const table_watch&) = delete;
  table_watch& operator=(const table_watch&) = delete;
  virtual ~table_watch() = default;
};

/// What a watch calls: with the key of a row that may have changed, come or gone; with nothing if it may be any.
///
/// It is a hint to look sooner, and never the truth: it may come late, twice, in another order, for nothing, or not at all.
/// Threads: called on any, one call at a time. It must neither wait nor touch the table or the watch.
template <class Key>
using table_hint = std::function<void(const Key* key)>;

/// Those who watch a table: for those who write one.  Threads: any.
template <class Key>
class table_watchers {
 public:
  [[nodiscard]] std::unique_ptr<table_watch> add(table_hint<Key> hint) { return std::make_unique<watching>(*this, std::move(hint)); }

  /// Tells all of them, before it returns. Call it when the change can be read, and without the table's lock.
  void tell(const Key* key) {
    const std::lock_guard guard(mutex_);
    for (const table_hint<Key>& each : hints_) each(key);
  }

 private:
  using hints = std::list<table_hint<Key>>;

  class watching final : public table_watch {
   public:
    watching(table_watchers& of, table_hint<Key> hint) : of_(of) {
      const std::lock_guard guard(of_.mutex_);
      me_ = of_.hints_.insert(of_.hints_.end(), std::move(hint));
    }
    ~watching() override {
      const std::lock_guard guard(of_.mutex_);
      of_.hints_.erase(me_);
    }

   private:
    table_watchers& of_;
    typename hints::iterator me_;
  };

  std::mutex mutex_;
  hints hints_;
};

}  // namespace steward
