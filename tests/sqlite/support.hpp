// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the SQLite adapter share: a folder, a database in it, and blocking calls.
#pragma once

#include "steward/sqlite/sqlite_state.hpp"
#include "steward/sqlite/sqlite_table.hpp"
#include "steward/sync_wait.hpp"

#include <SQLiteCpp/Database.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace steward::test {

/// Removed at its end, with everything in it.
class temporary_folder {
 public:
  temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder();

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

void write_file(const std::filesystem::path& file, const std::string& content);
[[nodiscard]] std::string read_file(const std::filesystem::path& file);

/// The text of an error, or "success".
template <class T>
[[nodiscard]] std::string text_of(const result<T>& outcome) {
  return outcome ? "success" : outcome.error().to_string();
}

using text_table = sqlite_table<std::string, std::string>;

/// What a table holds, as `value` or `value (down)` by key; rows that cannot be read as their error. Fails with what ended the iteration.
[[nodiscard]] task<std::map<std::string, std::string>> content(context& ctx, table<std::string, std::string>& rows);

/// A database with one table, for tests that call one thing after the other from their own thread.
class opened {
 public:
  explicit opened(const std::filesystem::path& file, std::chrono::milliseconds lock_wait = std::chrono::seconds(10))
      : database(file, options_of(lock_wait)), rows(database, "rows"), state(database) {}
  ~opened() { (void)close(); }
  opened(const opened&) = delete;
  opened& operator=(const opened&) = delete;

  result<> open() {
    return sync_wait([this](context& ctx) { return database.open(ctx); });
  }
  result<> close() {
    return sync_wait([this](context& ctx) { return database.close(ctx); });
  }
  result<> check() {
    return sync_wait([this](context& ctx) { return database.check(ctx); });
  }
  result<edit_outcome> put(const std::string& key, const std::string& value, std::optional<wanted> what = wanted::up) {
    return sync_wait([&](context& ctx) { return rows.put(ctx, key, value, what); });
  }
  result<edit_outcome> set_wanted(const std::string& key, wanted what) {
    return sync_wait([&](context& ctx) { return rows.set_wanted(ctx, key, what); });
  }
  result<edit_outcome> erase(const std::string& key) {
    return sync_wait([&](context& ctx) { return rows.erase(ctx, key); });
  }
  result<std::vector<edit_outcome>> edit(const table_edit<std::string, std::string>& changes) {
    return sync_wait([&](context& ctx) { return rows.edit(ctx, changes); });
  }
  result<row<std::string>> get(const std::string& key) {
    return sync_wait([&](context& ctx) { return rows.get(ctx, key); });
  }
  result<std::map<std::string, std::string>> all() {
    return sync_wait([this](context& ctx) { return content(ctx, rows); });
  }

  sqlite_database database;
  text_table rows;
  sqlite_state state;

 private:
  static sqlite_options options_of(std::chrono::milliseconds lock_wait) {
    sqlite_options options;
    options.lock_wait = lock_wait;
    return options;
  }
};

/// Another program's connection to the file.
[[nodiscard]] SQLite::Database other(const std::filesystem::path& file);

/// Divides what takes long under sanitizers.
[[nodiscard]] int fewer_if_sanitized(int count);

}  // namespace steward::test
