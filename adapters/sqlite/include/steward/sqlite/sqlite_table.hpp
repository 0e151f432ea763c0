// SPDX-License-Identifier: Apache-2.0
//
// A table in a SQLite file.
#pragma once

#include "steward/sqlite/codec.hpp"
#include "steward/sqlite/detail/table_jobs.hpp"
#include "steward/sqlite/sqlite_database.hpp"
#include "steward/sqlite/table_edit.hpp"
#include "steward/table.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace steward {

/// A table that is kept in a SQLite file, by a name, beside others. Several objects, also in several processes, may show the same one.
///
///     sqlite_database database("service.db");                                       // open it as a stage: start_stop(open, close)
///     sqlite_table<std::string, unit, unit_codec> units(database, "units");
///     auto outcome = co_await units.put(ctx, "web", web);
///
/// Every edit is durable when it returns, and gives the row a generation from one counter of the file, which only grows. An edit that changes nothing
/// gives none.
///
/// Errors: `unreadable` rows are those that the codec refuses; every other error says what is wrong with the file.
/// Stop, Threads: as `sqlite_database`.  Lifetime: shorter than its database's.
/// Cost: an iteration reads pages of 1,024 rows and keeps no transaction open between them: 0.05 s for 100,000 rows, 0.9 s for 1,000,000, measured as
/// `sqlite_database` says. A row takes about 40 bytes of the file beside its value, and its key twice.
/// Source: laws T1 to T3, M10; docs/table.md.
template <class Key, class Value, class Codec = text_codec>
  requires value_codec<Codec, Value>
class sqlite_table final : public table<Key, Value> {
 public:
  sqlite_table(sqlite_database& in, std::string name, Codec codec = {}) : database_(&in), rows_{std::move(name), std::move(codec)} {}

  [[nodiscard]] task<row<Value>> get(context& ctx, const Key& key) override {
    detail::get_job<Key, Value, Codec> job(rows_, key);
    auto done = co_await database_->perform(ctx, job);
    if (!done) co_return std::move(done.error());
    co_return std::move(job.found);
  }

  /// Adds or replaces a row. Without `what`, a new row is wanted `up`, and one that is there stays wanted as it is.
  [[nodiscard]] task<edit_outcome> put(context& ctx, Key key, Value value, std::optional<wanted> what = wanted::up) {
    table_edit<Key, Value> change;
    change.put(std::move(key), std::move(value), what);
    return one(ctx, std::move(change));
  }

  /// Changes what is wanted of a row.  Errors: `not_found` if there is none.
  [[nodiscard]] task<edit_outcome> set_wanted(context& ctx, Key key, wanted what) {
    table_edit<Key, Value> change;
    change.set_wanted(std::move(key), what);
    return one(ctx, std::move(change));
  }

  /// Removes a row; one that is not there is `unchanged`.
  [[nodiscard]] task<edit_outcome> erase(context& ctx, Key key) {
    table_edit<Key, Value> change;
    change.erase(std::move(key));
    return one(ctx, std::move(change));
  }

  /// Makes all changes, or none. Returns an outcome for each.
  [[nodiscard]] task<std::vector<edit_outcome>> edit(context& ctx, table_edit<Key, Value> changes) {
    detail::edit_job<Key, Value, Codec> job(rows_, changes);
    auto done = co_await database_->perform(ctx, job);
    if (!done) co_return std::move(done.error());
    co_return std::move(job.outcomes);
  }

  /// Told of the edits of this process, by key, before they return; of those of others within milliseconds of their commit, by key where the file
  /// tells it; and of any when the file has been opened, closed or out of reach in between. It costs nothing while nobody edits. Errors: where the
  /// system has no inotify left for it, edits of other processes are not told.
  [[nodiscard]] std::unique_ptr<table_watch> watch(table_hint<Key> hint) override {
    return database_->watch([table = rows_.name, hint = std::move(hint)](const detail::row_name* row) {
      if (row == nullptr) return hint(nullptr);
      if (row->table != table) return;
      const auto key = detail::decoded_key<Key>(row->key);
      hint(key ? &*key : nullptr);
    });
  }

 private:
  using rows_here = detail::row_mapping<Key, Value, Codec>;
  using page = detail::page_job<Key, Value, Codec>;

  task<edit_outcome> one(context& ctx, table_edit<Key, Value> change) {
    auto outcomes = co_await or_return(edit(ctx, std::move(change)));
    co_return outcomes.front();
  }

  // Goes on behind the last key, so that rows may come and go between two pages.
  class cursor final : public table_cursor<Key, Value> {
   public:
    cursor(sqlite_database& in, const rows_here& rows) noexcept : database_(&in), rows_(&rows) {}

    task<std::vector<table_entry<Key, Value>>> fetch(context& ctx) override {
      for (;;) {
        page job(*rows_, last_);
        auto done = co_await database_->perform(ctx, job);
        if (!done) co_return std::move(done.error());
        if (job.key_error && !key_error_) key_error_ = std::move(job.key_error);
        if (!job.entries.empty()) co_return std::move(job.entries);
        if (job.more) continue;
        if (key_error_) co_return std::move(*key_error_);
        co_return std::move(job.entries);
      }
    }

   private:
    sqlite_database* database_;
    const rows_here* rows_;
    std::optional<stored_key> last_;
    std::optional<error> key_error_;
  };

  [[nodiscard]] std::unique_ptr<table_cursor<Key, Value>> scan() override { return std::make_unique<cursor>(*database_, rows_); }

  sqlite_database* database_;
  rows_here rows_;
};

}  // namespace steward
