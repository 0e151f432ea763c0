// SPDX-License-Identifier: Apache-2.0
//
// The cases of `table_conformance` about watches, for tables that can tell; the others are skipped.
#pragma once

#include "steward/testing/table_conformance_suite.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

namespace steward::testing {

/// What a watch of a table was told.
///
/// Threads: any. Lifetime: longer than the watch.
template <class Key>
class told_hints {
 public:
  /// To be given to `table::watch`.
  [[nodiscard]] table_hint<Key> hint() {
    return [this](const Key* key) {
      const std::lock_guard guard(mutex_);
      if (key == nullptr)
        ++any_;
      else
        keys_.push_back(*key);
      changed_.notify_all();
    };
  }

  /// Waits until this key was told, or any; takes away what was told. False: that did not come within ten seconds.
  [[nodiscard]] bool wait_for(const Key& key) {
    std::unique_lock guard(mutex_);
    const auto told = [&] { return any_ != 0 || std::ranges::find(keys_, key) != keys_.end(); };
    const bool came = changed_.wait_for(guard, std::chrono::seconds(10), told);
    any_ = 0;
    keys_.clear();
    return came;
  }
  /// The same, until it may be any.
  [[nodiscard]] bool wait_for_any() {
    std::unique_lock guard(mutex_);
    const bool came = changed_.wait_for(guard, std::chrono::seconds(10), [&] { return any_ != 0; });
    any_ = 0;
    keys_.clear();
    return came;
  }

  [[nodiscard]] std::vector<Key> keys() const {
    const std::lock_guard guard(mutex_);
    return keys_;
  }
  /// How often it was told that it may be any.
  [[nodiscard]] int any() const {
    const std::lock_guard guard(mutex_);
    return any_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Key> keys_;
  int any_ = 0;
};

TYPED_TEST_P(table_conformance, T3_AWatchIsToldOfEachEdit) {
  told_hints<typename TypeParam::key_type> told;
  const auto watch = this->table().watch(told.hint());
  if (!watch) GTEST_SKIP() << "this table cannot tell";
  this->run([&](context& ctx) -> task<> {
    for (int n = 0; n < 3; ++n) {
      (void)co_await or_return(this->put(ctx, n));
      EXPECT_TRUE(told.wait_for(this->key(n))) << "an addition";
      EXPECT_TRUE(co_await or_return(this->set_wanted(ctx, n, wanted::down)));
      EXPECT_TRUE(told.wait_for(this->key(n))) << "a change";
      EXPECT_TRUE(co_await or_return(this->erase(ctx, n)));
      EXPECT_TRUE(told.wait_for(this->key(n))) << "a deletion";
    }
    co_return {};
  });
}

TYPED_TEST_P(table_conformance, T3_WhatAWatchIsToldOfCanBeRead) {
  constexpr int edits = 30;
  told_hints<typename TypeParam::key_type> told;
  const auto watch = this->table().watch(told.hint());
  if (!watch) GTEST_SKIP() << "this table cannot tell";
  for (int n = 0; n < edits; ++n) {
    std::thread writer([&] {
      this->run([&](context& ctx) -> task<> {
        (void)co_await or_return(this->put(ctx, n));
        co_return {};
      });
    });
    EXPECT_TRUE(told.wait_for(this->key(n)));
    this->run([&](context& ctx) -> task<> {
      const auto got = co_await this->get(ctx, n);
      EXPECT_TRUE(got.has_value()) << n;
      co_return {};
    });
    writer.join();
  }
}

TYPED_TEST_P(table_conformance, T3_EachWatchIsToldUntilItEnds) {
  told_hints<typename TypeParam::key_type> first;
  told_hints<typename TypeParam::key_type> second;
  auto ended = this->table().watch(first.hint());
  const auto watch = this->table().watch(second.hint());
  if (!watch) GTEST_SKIP() << "this table cannot tell";
  this->run([&](context& ctx) -> task<> {
    (void)co_await or_return(this->put(ctx, 1));
    EXPECT_TRUE(first.wait_for(this->key(1)));
    EXPECT_TRUE(second.wait_for(this->key(1)));
    ended.reset();
    const auto before = first.keys().size() + static_cast<std::size_t>(first.any());
    (void)co_await or_return(this->put(ctx, 2));
    EXPECT_TRUE(second.wait_for(this->key(2)));
    EXPECT_EQ(first.keys().size() + static_cast<std::size_t>(first.any()), before);
    co_return {};
  });
}

TYPED_TEST_P(table_conformance, T3_AWatchMayEndWhileOthersEdit) {
  std::thread writer([this] {
    this->run([this](context& ctx) -> task<> {
      for (int n = 0; n < 100; ++n) (void)co_await or_return(this->put(ctx, n));
      co_return {};
    });
  });
  for (int i = 0; i < 100; ++i) {
    auto told = std::make_unique<told_hints<typename TypeParam::key_type>>();  // a call behind the end would be one of freed memory
    const auto watch = this->table().watch(told->hint());
    std::this_thread::yield();
  }
  writer.join();
}

}  // namespace steward::testing
