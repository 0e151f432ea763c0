// SPDX-License-Identifier: Apache-2.0
//
// An open database as jobs see it: rows and remembered text, without SQL.
#pragma once

#include "steward/sqlite/codec.hpp"
#include "steward/sqlite/sqlite_state.hpp"
#include "steward/sqlite/table_edit.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace steward::detail {

class connection;

/// A row as it lies in the file. The view ends with the call that it is given to.
struct stored_row {
  stored_key key;
  std::string_view value;
  result<steward::wanted> wanted;
  std::uint64_t generation;
};

class row_sink {
 public:
  virtual void accept(stored_row row) = 0;

 protected:
  ~row_sink() = default;
};

/// A value on its way into the file.
struct new_value {
  std::string bytes;
  bool binary;
};

/// Rows and remembered text of an open database.
///
/// Errors: every function throws what SQLite throws; the thread that runs the job makes an error of it.
/// Threads: that of its connection.
class sqlite_session {
 public:
  static constexpr std::size_t rows_in_a_page = 1024;

  explicit sqlite_session(connection& on) noexcept : on_(&on) {}

  /// Reads the smallest thing that there is.
  void touch();

  /// False if there is no such row.
  bool get(const std::string& table, const stored_key& key, row_sink& sink);

  /// The rows behind `after`, or from the first, in the order of their keys. Fewer than `rows_in_a_page` are the last.
  std::size_t page(const std::string& table, const std::optional<stored_key>& after, row_sink& sink);

  edit_outcome put(const std::string& table, const stored_key& key, const new_value& value, std::optional<wanted> what);

  /// Empty if there is no such row.
  std::optional<edit_outcome> set_wanted(const std::string& table, const stored_key& key, wanted what);

  edit_outcome erase(const std::string& table, const stored_key& key);

  std::optional<std::string> remembered(const std::string& key, const std::string& name);
  std::vector<state_entry> remembered_page(const std::optional<state_entry>& after);
  void remember(const state_entry& entry);
  void forget(const std::string& key);
  void forget(const std::string& key, const std::string& name);

 private:
  edit_outcome write(const std::string& table, const stored_key& key, const new_value& value, wanted what, row_change change);

  connection* on_;
};

}  // namespace steward::detail
