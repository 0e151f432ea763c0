// SPDX-License-Identifier: Apache-2.0
#include "steward/sqlite/detail/sqlite_session.hpp"

#include "connection.hpp"

#include <utility>

namespace steward::detail {
namespace {

std::string text_of(wanted what) { return std::string(to_string(what)); }

result<wanted> wanted_of(std::string_view text) {
  if (const auto what = wanted_from_string(text)) return *what;
  return fail(error(errc::unreadable, "wanted is \"" + std::string(text) + "\"; it has to be \"up\" or \"down\""));
}

stored_row row_of(const query& at, int column, stored_key key) {
  return {std::move(key), at.text(column), wanted_of(at.text(column + 1)), static_cast<std::uint64_t>(at.integer(column + 2))};
}

std::size_t give_all(query& rows, row_sink& sink) {
  std::size_t count = 0;
  for (; rows.next(); ++count) sink.accept(row_of(rows, 1, rows.key(0)));
  return count;
}

}  // namespace

void sqlite_session::touch() { query(on_->sql().get_generation).run(); }

bool sqlite_session::get(const std::string& table, const stored_key& key, row_sink& sink) {
  query found(on_->sql().get_row, table, key);
  if (!found.next()) return false;
  sink.accept(row_of(found, 0, key));
  return true;
}

std::size_t sqlite_session::page(const std::string& table, const std::optional<stored_key>& after, row_sink& sink) {
  if (after) {
    query rows(on_->sql().next_rows, table, *after);
    return give_all(rows, sink);
  }
  query rows(on_->sql().first_rows, table);
  return give_all(rows, sink);
}

edit_outcome sqlite_session::put(const std::string& table, const stored_key& key, const new_value& value, std::optional<wanted> what) {
  auto change = row_change::added;
  {
    query found(on_->sql().get_row, table, key);
    if (found.next()) {
      change = row_change::changed;
      const auto before = wanted_of(found.text(1));
      if (!what && before) what = *before;
      const bool same = found.is_blob(0) == value.binary && found.text(0) == value.bytes && before && *before == what;
      if (same) return {row_change::unchanged, static_cast<std::uint64_t>(found.integer(2))};
    }
  }
  return write(table, key, value, what.value_or(wanted::up), change);
}

edit_outcome sqlite_session::write(const std::string& table, const stored_key& key, const new_value& value, wanted what, row_change change) {
  const auto generation = on_->next_generation(table, key);
  const auto number = static_cast<std::int64_t>(generation);
  const auto wanted_text = text_of(what);
  if (value.binary)
    query(on_->sql().put_row, table, key, bytes{value.bytes}, wanted_text, number).run();
  else
    query(on_->sql().put_row, table, key, value.bytes, wanted_text, number).run();
  return {change, generation};
}

std::optional<edit_outcome> sqlite_session::set_wanted(const std::string& table, const stored_key& key, wanted what) {
  const auto wanted_text = text_of(what);
  {
    query found(on_->sql().get_row, table, key);
    if (!found.next()) return std::nullopt;
    if (found.text(1) == wanted_text) return edit_outcome{row_change::unchanged, static_cast<std::uint64_t>(found.integer(2))};
  }
  const auto generation = on_->next_generation(table, key);
  query(on_->sql().set_wanted, table, key, wanted_text, static_cast<std::int64_t>(generation)).run();
  return edit_outcome{row_change::changed, generation};
}

edit_outcome sqlite_session::erase(const std::string& table, const stored_key& key) {
  std::uint64_t generation = 0;
  {
    query found(on_->sql().get_row, table, key);
    if (!found.next()) return {row_change::unchanged, 0};
    generation = static_cast<std::uint64_t>(found.integer(2));
  }
  (void)on_->next_generation(table, key);  // so that the counter tells other processes of it
  query(on_->sql().erase_row, table, key).run();
  return {row_change::removed, generation};
}

std::optional<std::string> sqlite_session::remembered(const std::string& key, const std::string& name) {
  query found(on_->sql().get_state, key, name);
  if (!found.next()) return std::nullopt;
  return std::string(found.text(0));
}

std::vector<state_entry> sqlite_session::remembered_page(const std::optional<state_entry>& after) {
  std::vector<state_entry> page;
  const auto take = [&page](query& at) {
    while (at.next()) page.push_back({std::string(at.text(0)), std::string(at.text(1)), std::string(at.text(2))});
  };
  if (after) {
    query entries(on_->sql().next_states, after->key, after->name);
    take(entries);
  } else {
    query entries(on_->sql().first_states);
    take(entries);
  }
  return page;
}

void sqlite_session::remember(const state_entry& entry) { query(on_->sql().put_state, entry.key, entry.name, entry.value).run(); }

void sqlite_session::forget(const std::string& key) { query(on_->sql().erase_states, key).run(); }

void sqlite_session::forget(const std::string& key, const std::string& name) { query(on_->sql().erase_state, key, name).run(); }

}  // namespace steward::detail
