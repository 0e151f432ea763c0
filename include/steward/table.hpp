// SPDX-License-Identifier: Apache-2.0
//
// What should run, by key: the desired state, wherever it is stored.
#pragma once

#include "steward/context.hpp"
#include "steward/table_watch.hpp"
#include "steward/task.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace steward {

/// Whether a row's process should run. Wire format.
enum class wanted : unsigned char { up, down };

/// `"up"`, `"down"`. Static storage.
[[nodiscard]] std::string_view to_string(wanted what) noexcept;
[[nodiscard]] std::optional<wanted> wanted_from_string(std::string_view text) noexcept;

/// One entry of a table, without its key.
template <class Value>
struct row {
  std::shared_ptr<const Value> value;  ///< never empty
  steward::wanted wanted = wanted::up;
  std::uint64_t generation = 0;  ///< grows with each edit of the row; one that is deleted and added again goes on growing
};

/// A row with its key, as an iteration yields it: a row that cannot be read has an error instead.
template <class Key, class Value>
struct table_entry {
  Key key;
  result<row<Value>> content;
};

/// How a backend iterates: page by page. For those who write tables; `table_iterator` is for those who read them.
template <class Key, class Value>
class table_cursor {
 public:
  /// The next entries, in any order, each key at most once; an empty page is the end.
  /// Errors: what kept it from reading on. It is not called again after the end or an error.
  virtual task<std::vector<table_entry<Key, Value>>> fetch(context& ctx) = 0;

  table_cursor() = default;
  table_cursor(const table_cursor&) = delete;
  table_cursor& operator=(const table_cursor&) = delete;

  /// Releases what the iteration held. Called while no `fetch` runs.
  virtual ~table_cursor() = default;
};

/// Walks over a table, as over the rows of a query: no consistent snapshot is promised, but a key comes at most once (T2).
///
///     table_iterator rows = table.iterate();
///     while (co_await rows.next(ctx)) use(**rows.get());
///     if (rows.err()) …;   // it did not reach the end
///
/// Threads: one at a time.  Lifetime: shorter than its table's. Leaving it without `close` releases what it held.
/// Cost: `next` inside a page neither suspends nor allocates.
template <class Key, class Value>
class table_iterator {
 public:
  using entry = table_entry<Key, Value>;
  class next_awaiter;

  explicit table_iterator(std::unique_ptr<table_cursor<Key, Value>> cursor) noexcept : cursor_(std::move(cursor)) {}

  /// Goes to the next entry. False after the end, an error or `close`.  Stop: ends with the error of `ctx`.
  [[nodiscard]] next_awaiter next(context& ctx) noexcept { return next_awaiter(*this, ctx); }

  /// The entry it stands at; the caller may move from it.  Errors: `invalid_iterator` before the first and after the last.
  [[nodiscard]] result<entry*> get() noexcept {
    if (at_ == 0 || at_ > page_.size()) return fail(errc::invalid_iterator);
    return &page_[at_ - 1];
  }

  /// The entry that is so many further on, where that has been fetched already; else null. For those who want to have something ready by then.
  [[nodiscard]] const entry* ahead(std::size_t by) const noexcept { return at_ == 0 || page_.size() - at_ < by ? nullptr : &page_[at_ - 1 + by]; }

  /// What ended the iteration early; empty at the true end, and while it goes on.
  [[nodiscard]] const std::optional<error>& err() const noexcept { return err_; }

  /// Ends the iteration. Twice is fine.
  void close() noexcept {
    cursor_.reset();
    page_.clear();
    at_ = 0;
  }

 private:
  bool advance() noexcept {
    if (at_ >= page_.size()) return false;
    ++at_;
    return true;
  }
  bool accept(result<std::vector<entry>> page) {
    if (!page) {
      err_ = std::move(page.error());
      close();
      return false;
    }
    page_ = std::move(*page);
    at_ = 0;
    if (page_.empty()) close();
    return advance();
  }

  std::unique_ptr<table_cursor<Key, Value>> cursor_;
  std::vector<entry> page_;
  std::size_t at_ = 0;  // one more than the index; zero is before the first
  std::optional<error> err_;
};

/// The wait of `table_iterator::next`.
template <class Key, class Value>
class [[nodiscard]] table_iterator<Key, Value>::next_awaiter {
 public:
  next_awaiter(table_iterator& rows, context& ctx) noexcept : rows_(&rows), ctx_(&ctx) {}

  [[nodiscard]] bool await_ready() noexcept {
    advanced_ = rows_->advance();
    return advanced_ || rows_->cursor_ == nullptr;
  }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) {
    fetched_ = true;
    fetching_ = rows_->cursor_->fetch(*ctx_);
    return fetching_.start(caller.promise());
  }
  bool await_resume() {
    if (!fetched_) {
      if (!advanced_) rows_->close();
      return advanced_;
    }
    return rows_->accept(fetching_.take());
  }

 private:
  table_iterator* rows_;
  context* ctx_;
  task<std::vector<entry>> fetching_;
  bool advanced_ = false;
  bool fetched_ = false;
};

/// A table of what should run. Backends: `memory_table`, `sqlite_table`; to write one, pass the conformance suite of the test kit (T3).
///
/// Threads: every function from any thread, also at the same time.
template <class Key, class Value>
class table {
 public:
  /// The row of a key.
  /// Errors: `not_found` if there is none; any other says that it could not be read (T1).
  [[nodiscard]] virtual task<row<Value>> get(context& ctx, const Key& key) = 0;

  /// Begins an iteration over all rows. Reads nothing yet; what fails, fails in the first `next`.
  [[nodiscard]] table_iterator<Key, Value> iterate() { return table_iterator<Key, Value>(scan()); }

  /// Has `hint` called when rows change, as long as the returned object lives; empty if this table cannot tell.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): those that can tell keep it
  [[nodiscard]] virtual std::unique_ptr<table_watch> watch(table_hint<Key> /*hint*/) { return nullptr; }

  table() = default;
  table(const table&) = delete;
  table& operator=(const table&) = delete;
  virtual ~table() = default;

 private:
  [[nodiscard]] virtual std::unique_ptr<table_cursor<Key, Value>> scan() = 0;
};

}  // namespace steward
