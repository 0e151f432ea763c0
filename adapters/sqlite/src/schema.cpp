// SPDX-License-Identifier: Apache-2.0
#include "schema.hpp"

#include <array>

namespace steward::detail {
namespace {

// The checks keep what is edited by hand readable: a key that could not be bound again would break an iteration.
constexpr const char* rows_and_generations = R"(
  create table steward_meta (
    name  text not null primary key,
    value any  not null
  ) strict, without rowid;
  insert into steward_meta values ('database_id', lower(hex(randomblob(16)))), ('generation', 0);

  create table steward_row (
    table_name text    not null,
    key        any     not null check (typeof(key) in ('integer', 'text')),
    value      any     not null check (typeof(value) in ('text', 'blob')),
    wanted     text    not null check (wanted in ('up', 'down')),
    generation integer not null check (generation > 0),
    primary key (table_name, key)
  ) strict, without rowid;
)";

constexpr const char* remembered_texts = R"(
  create table steward_state (
    key   text not null,
    name  text not null,
    value text not null,
    primary key (key, name)
  ) strict, without rowid;
)";

// What another process has edited is found without a look at every row.
constexpr const char* rows_by_generation = "create index steward_row_generation on steward_row (generation);";

constexpr std::array steps{rows_and_generations, remembered_texts, rows_by_generation};

}  // namespace

std::span<const char* const> migrations() noexcept { return steps; }

}  // namespace steward::detail
