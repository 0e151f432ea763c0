// SPDX-License-Identifier: Apache-2.0
//
// A table that misbehaves when it is told to.
#pragma once

#include "steward/table.hpp"
#include "steward/wait.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace steward::testing {

/// What goes wrong with one call: it takes time, it hangs until it is stopped, it fails, or first the one and then the other.
class fault {
 public:
  [[nodiscard]] static fault failing(error why) { return fault(std::move(why), std::chrono::nanoseconds::zero(), false); }
  [[nodiscard]] static fault slow(std::chrono::nanoseconds time) { return fault(std::nullopt, time, false); }
  [[nodiscard]] static fault hanging() { return fault(std::nullopt, std::chrono::nanoseconds::zero(), true); }
  [[nodiscard]] static fault slow_and_failing(std::chrono::nanoseconds time, error why) { return fault(std::move(why), time, false); }

  /// Does it, under the context of the call.
  [[nodiscard]] task<> happen(context& ctx) const {
    if (hangs_) {
      const error why = co_await ctx.stopped();
      co_return why;
    }
    if (time_ > std::chrono::nanoseconds::zero()) co_await or_return(co_await ctx.sleep_for(time_));
    if (why_) co_return *why_;
    co_return {};
  }

 private:
  fault(std::optional<error> why, std::chrono::nanoseconds time, bool hangs) : why_(std::move(why)), time_(time), hangs_(hangs) {}

  std::optional<error> why_;
  std::chrono::nanoseconds time_;
  bool hangs_;
};

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

  /// No fault any more, from the next call on.
  void heal() {
    hint_times_ = 1;
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
    if (const auto what = gets_.next()) co_await or_return(what->happen(ctx));
    if (const auto found = garbled_.find(key); found != garbled_.end()) co_return found->second;
    co_return co_await inside_->get(ctx, key);
  }

  [[nodiscard]] std::unique_ptr<table_watch> watch(table_hint<Key> hint) override {
    return inside_->watch([this, hint = std::move(hint)](const Key* key) {
      for (std::size_t i = 0; i < hint_times_; ++i) hint(key);
    });
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

  class cursor final : public table_cursor<Key, Value> {
   public:
    explicit cursor(faulty_table& from) : from_(&from), rows_(from.inside_->iterate()) {}

    task<std::vector<table_entry<Key, Value>>> fetch(context& ctx) override {
      if (const auto what = from_->fetches_.next()) co_await or_return(what->happen(ctx));
      std::vector<table_entry<Key, Value>> page;
      while (page.size() < from_->rows_in_a_page_) {
        if (!co_await rows_.next(ctx)) break;
        page.push_back(std::move(**rows_.get()));
        const auto garbled = from_->garbled_.find(page.back().key);
        if (garbled != from_->garbled_.end()) page.back().content = fail(garbled->second);
      }
      if (page.empty() && rows_.err()) co_return *rows_.err();
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
};

}  // namespace steward::testing
