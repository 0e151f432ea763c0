// SPDX-License-Identifier: Apache-2.0
#include "statements.hpp"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

namespace steward::detail {
namespace {

// A write takes its lock at the beginning: one that began as a read could fail in the middle for no fault of its own.
constexpr const char* begin_sql = "begin immediate";

constexpr const char* first_rows_sql = "select key, value, wanted, generation from steward_row where table_name = ?1 order by key limit 1024";
constexpr const char* next_rows_sql =
    "select key, value, wanted, generation from steward_row where table_name = ?1 and key > ?2 order by key limit 1024";
constexpr const char* put_row_sql =
    "insert into steward_row (table_name, key, value, wanted, generation) values (?1, ?2, ?3, ?4, ?5) "
    "on conflict (table_name, key) do update set value = excluded.value, wanted = excluded.wanted, generation = excluded.generation";

constexpr const char* newer_rows_sql = "select table_name, key from steward_row where generation > ?1 limit ?2";

constexpr const char* put_state_sql =
    "insert into steward_state (key, name, value) values (?1, ?2, ?3) on conflict (key, name) do update set value = excluded.value";

}  // namespace

statements::statements(const SQLite::Database& in)
    : begin(in, begin_sql),
      begin_read(in, "begin"),
      commit(in, "commit"),
      save(in, "savepoint job"),
      undo(in, "rollback to job"),
      release(in, "release job"),
      get_row(in, "select value, wanted, generation from steward_row where table_name = ?1 and key = ?2"),
      first_rows(in, first_rows_sql),
      next_rows(in, next_rows_sql),
      put_row(in, put_row_sql),
      set_wanted(in, "update steward_row set wanted = ?3, generation = ?4 where table_name = ?1 and key = ?2"),
      erase_row(in, "delete from steward_row where table_name = ?1 and key = ?2"),
      get_generation(in, "select value from steward_meta where name = 'generation'"),
      set_generation(in, "update steward_meta set value = ?1 where name = 'generation'"),
      newer_rows(in, newer_rows_sql),
      data_version(in, "pragma data_version"),
      get_state(in, "select value from steward_state where key = ?1 and name = ?2"),
      first_states(in, "select key, name, value from steward_state order by key, name limit 1024"),
      next_states(in, "select key, name, value from steward_state where (key, name) > (?1, ?2) order by key, name limit 1024"),
      put_state(in, put_state_sql),
      erase_state(in, "delete from steward_state where key = ?1 and name = ?2"),
      erase_states(in, "delete from steward_state where key = ?1") {}

void query::check_size(std::size_t size) {
  constexpr std::size_t most = 1'000'000'000;
  if (size > most) throw SQLite::Exception("too big", SQLITE_TOOBIG);
}

}  // namespace steward::detail
