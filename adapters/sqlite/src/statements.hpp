// SPDX-License-Identifier: Apache-2.0
//
// All SQL that is run more than once, prepared with the connection: a file without our tables is found out when it is opened.
#pragma once

#include "steward/sqlite/codec.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace steward::detail {

struct statements {
  explicit statements(const SQLite::Database& in);

  SQLite::Statement begin;
  SQLite::Statement begin_read;
  SQLite::Statement commit;
  SQLite::Statement save;
  SQLite::Statement undo;
  SQLite::Statement release;

  SQLite::Statement get_row;
  SQLite::Statement first_rows;
  SQLite::Statement next_rows;
  SQLite::Statement put_row;
  SQLite::Statement set_wanted;
  SQLite::Statement erase_row;

  SQLite::Statement get_generation;
  SQLite::Statement set_generation;
  SQLite::Statement newer_rows;
  SQLite::Statement data_version;

  SQLite::Statement get_state;
  SQLite::Statement first_states;
  SQLite::Statement next_states;
  SQLite::Statement put_state;
  SQLite::Statement erase_state;
  SQLite::Statement erase_states;
};

/// A blob to be bound.
struct bytes {
  std::string_view content;
};

/// One use of a statement: parameters bound in their order, and reset at its end, so that no read stays open.
/// What is bound outlives it. Throws what SQLite throws.
class query {
 public:
  template <class... Parameters>
  explicit query(SQLite::Statement& statement, const Parameters&... parameters) : statement_(statement) {
    int index = 0;
    try {
      (bind(++index, parameters), ...);
    } catch (...) {
      statement_.tryReset();
      throw;
    }
  }
  query(const query&) = delete;
  query& operator=(const query&) = delete;
  ~query() { statement_.tryReset(); }

  /// Goes to the next row; false behind the last.
  bool next() { return statement_.executeStep(); }
  void run() {
    while (next()) {
    }
  }

  [[nodiscard]] std::int64_t integer(int column) const { return statement_.getColumn(column).getInt64(); }
  [[nodiscard]] stored_key key(int column) const {
    if (statement_.getColumn(column).isInteger()) return integer(column);
    return std::string(text(column));
  }
  [[nodiscard]] bool is_blob(int column) const { return statement_.getColumn(column).isBlob(); }
  /// Text and blobs alike; good until the next step.
  [[nodiscard]] std::string_view text(int column) const {
    const auto value = statement_.getColumn(column);
    const auto* const begin = static_cast<const char*>(value.getBlob());
    return {begin, static_cast<std::size_t>(value.getBytes())};
  }

 private:
  static void check_size(std::size_t size);  // a length is an int to SQLite
  void bind(int index, std::int64_t value) { statement_.bind(index, value); }
  void bind(int index, const std::string& value) {
    check_size(value.size());
    statement_.bindNoCopy(index, value);
  }
  void bind(int index, const bytes& value) {
    check_size(value.content.size());
    statement_.bindNoCopy(index, value.content.data(), static_cast<int>(value.content.size()));
  }
  template <class... Kinds>
  void bind(int index, const std::variant<Kinds...>& value) {
    std::visit([&](const auto& held) { bind(index, held); }, value);
  }

  SQLite::Statement& statement_;
};

}  // namespace steward::detail
