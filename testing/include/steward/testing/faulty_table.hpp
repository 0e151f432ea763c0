// SPDX-License-Identifier: Apache-2.0
//
// A table that misbehaves when it is told to.
#pragma once

#include "steward/table.hpp"
#include "steward/testing/fault.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace steward::testing {

/// The order in which hints come that were kept back.
enum class hint_order : unsigned char { as_it_was, backwards };

/// Another table, with faults.
///
///     faulty_table faulty(rows);
///     faulty.on_get(2, fault::failing(errc::unreadable));   // the second call from now
///     faulty.on_every_fetch(fault::slow(1s));
///     faulty.heal();
///
/// Threads: one.  Lifetime: shorter than the table inside.
template <class Key, class Value>
class faulty_table final : public table<Key, Value> {
 public:
  explicit faulty_table(table<Key, Value>& inside) noexcept : inside_(&inside) {}

  /// Shape: `n` counts from 1, from now on. A fetch reads one page of an iteration; the page that says that there are no more is one too.
  void on_get(std::size_t n, fault what) { gets_.at.insert_or_assign(gets_.calls + n, std::move(what)); }
  void on_fetch(std::size_t n, fault what) { fetches_.at.insert_or_assign(fetches_.calls + n, std::move(what)); }
  void on_every_get(fault what) { gets_.every = std::move(what); }
  void on_every_fetch(fault what) { fetches_.every = std::move(what); }

  /// Makes the row of a key unreadable: `get` fails with this error, and an iteration yields it in place of the content.
  void garble(Key key, error why) { garbled_.insert_or_assign(std::move(key), std::move(why)); }

  /// Every hint of a watch is lost, or comes so often.  Shape: zero loses them; the default is once.
  void tell_hints(std::size_t times) noexcept { hint_times_ = times; }

  /// Keeps every hint back until `tell_held_hints`.
  void hold_hints() noexcept { holds_hints_ = true; }

  /// Tells what was kept back, and keeps nothing back any more.
  void tell_held_hints(hint_order order = hint_order::as_it_was) {
    holds_hints_ = false;
    auto held = std::exchange(held_hints_, {});
    if (order == hint_order::backwards) std::ranges::reverse(held);
    for (const auto& each : held) each();
  }

  /// No fault any more, from the next call on. Hints that were kept back come now; those that were lost are lost.
  void heal() {
    hint_times_ = 1;
    tell_held_hints();
    gets_.at.clear();
    fetches_.at.clear();
    gets_.every.reset();
    fetches_.every.reset();
    garbled_.clear();
  }

  /// Small pages bring a fault into the middle of an iteration.
  void rows_in_a_page(std::size_t rows) noexcept { rows_in_a_page_ = rows; }

  [[nodiscard]] std::size_t gets() const noexcept { return gets_.calls; }
  [[nodiscard]] std::size_t fetches() const noexcept { return fetches_.calls; }

  [[nodiscard]] task<row<Value>> get(context& ctx, const Key& key) override {
    const auto what = gets_.next();
    if (what) co_await or_return(what->before(ctx));
    if (const auto found = garbled_.find(key); found != garbled_.end()) co_return found->second;
    auto reading = inside_->get(ctx, key);
    auto read = co_await std::move(reading);
    if (what) co_await or_return(what->after(ctx));
    co_return read;
  }

  [[nodiscard]] std::unique_ptr<table_watch> watch(table_hint<Key> hint) override {
    auto made = std::make_unique<watching>(*this, std::move(hint));
    if (made->can_tell()) return made;
    return nullptr;
  }

 private:
  struct plan {
    std::map<std::size_t, fault> at;
    std::optional<fault> every;
    std::size_t calls = 0;

    [[nodiscard]] std::optional<fault> next() {
      const auto found = at.find(++calls);
      return found != at.end() ? std::optional<fault>(found->second) : every;
    }
  };

  class watching final : public table_watch {
   public:
    watching(faulty_table& from, table_hint<Key> hint)
        : from_(from), hint_(std::move(hint)), inside_(from.inside_->watch([this](const Key* key) { take(key); })) {}
    ~watching() override {
      inside_.reset();
      from_.held_hints_.clear();
    }
    [[nodiscard]] bool can_tell() const noexcept { return inside_ != nullptr; }

   private:
    void take(const Key* key) {
      for (std::size_t i = 0; i < from_.hint_times_; ++i) {
        if (!from_.holds_hints_)
          hint_(key);
        else
          from_.held_hints_.push_back([this, kept = key == nullptr ? std::optional<Key>() : *key] { hint_(kept ? &*kept : nullptr); });
      }
    }

    faulty_table& from_;
    table_hint<Key> hint_;
    std::unique_ptr<table_watch> inside_;
  };

  class cursor final : public table_cursor<Key, Value> {
   public:
    explicit cursor(faulty_table& from) : from_(&from), rows_(from.inside_->iterate()) {}

    task<std::vector<table_entry<Key, Value>>> fetch(context& ctx) override {
      const auto what = from_->fetches_.next();
      if (what) co_await or_return(what->before(ctx));
      std::vector<table_entry<Key, Value>> page;
      while (page.size() < from_->rows_in_a_page_) {
        if (!co_await rows_.next(ctx)) break;
        page.push_back(std::move(**rows_.get()));
        const auto garbled = from_->garbled_.find(page.back().key);
        if (garbled != from_->garbled_.end()) page.back().content = fail(garbled->second);
      }
      if (page.empty() && rows_.err()) co_return *rows_.err();
      if (what) co_await or_return(what->after(ctx));
      co_return page;
    }

   private:
    faulty_table* from_;
    table_iterator<Key, Value> rows_;
  };

  [[nodiscard]] std::unique_ptr<table_cursor<Key, Value>> scan() override { return std::make_unique<cursor>(*this); }

  table<Key, Value>* inside_;
  plan gets_;
  plan fetches_;
  std::map<Key, error> garbled_;
  std::size_t rows_in_a_page_ = 1024;
  std::size_t hint_times_ = 1;
  bool holds_hints_ = false;
  std::vector<std::function<void()>> held_hints_;  // of the watch that lives
};

}  // namespace steward::testing
