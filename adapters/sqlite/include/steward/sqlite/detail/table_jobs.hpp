// SPDX-License-Identifier: Apache-2.0
//
// What a `sqlite_table` has done on its database's thread: one row, one page, one edit.
#pragma once

#include "steward/sqlite/codec.hpp"
#include "steward/sqlite/detail/database_job.hpp"
#include "steward/sqlite/detail/sqlite_session.hpp"
#include "steward/sqlite/table_edit.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace steward::detail {

/// The name of a table in its file, and how its rows become values.
template <class Key, class Value, class Codec>
struct row_mapping {
  std::string name;
  Codec codec;

  [[nodiscard]] error about(const stored_key& key, const error& why) const { return why.prefixed("row " + to_string(key) + " of " + name + ": "); }

  [[nodiscard]] result<row<Value>> decode(const stored_row& stored) const {
    try {
      result<Value> value = value_of(stored);
      if (!value) return fail(about(stored.key, value.error()));
      if (!stored.wanted) return fail(about(stored.key, stored.wanted.error()));
      return row<Value>{std::make_shared<const Value>(std::move(*value)), *stored.wanted, stored.generation};
    } catch (...) {
      return fail(about(stored.key, current_exception_error()));
    }
  }

 private:
  [[nodiscard]] result<Value> value_of(const stored_row& stored) const {
    if constexpr (requires { codec.decode(stored.key, stored.value); })
      return codec.decode(stored.key, stored.value);
    else
      return codec.decode(stored.value);
  }
};

/// Empty where it cannot be told.
template <class Key>
[[nodiscard]] std::optional<Key> decoded_key(stored_key stored) noexcept {
  try {
    auto key = key_codec<Key>::decode(std::move(stored));
    if (key) return std::move(*key);
  } catch (...) {  // as good as refused
  }
  return std::nullopt;
}

template <class Key, class Value, class Codec>
class get_job final : public database_job, private row_sink {
 public:
  using mapping = row_mapping<Key, Value, Codec>;

  get_job(const mapping& rows, const Key& key) : database_job(job_kind::read), rows_(&rows), key_(key_codec<Key>::encode(key)) {}

  result<row<Value>> found = fail(errc::not_found);

 private:
  result<> run(sqlite_session& session) override {
    found = fail(errc::not_found);
    session.get(rows_->name, key_, *this);
    return {};
  }
  void accept(stored_row stored) override { found = rows_->decode(stored); }

  const mapping* rows_;
  stored_key key_;
};

/// Reads the page behind `last`, and leaves there where it ended.
template <class Key, class Value, class Codec>
class page_job final : public database_job, private row_sink {
 public:
  using mapping = row_mapping<Key, Value, Codec>;
  using entry = table_entry<Key, Value>;

  page_job(const mapping& rows, std::optional<stored_key>& last) noexcept : database_job(job_kind::read), rows_(&rows), last_(&last) {}

  std::vector<entry> entries;
  std::optional<error> key_error;  // the first row whose key cannot be told
  bool more = false;

 private:
  result<> run(sqlite_session& session) override {
    entries.clear();
    entries.reserve(sqlite_session::rows_in_a_page);
    key_error.reset();
    reached_.reset();
    more = session.page(rows_->name, *last_, *this) == sqlite_session::rows_in_a_page;
    if (reached_) *last_ = std::move(reached_);
    return {};
  }

  void accept(stored_row stored) override {
    reached_ = stored.key;
    auto content = rows_->decode(stored);
    auto key = key_codec<Key>::decode(std::move(stored.key));
    if (key)
      entries.push_back(entry{std::move(*key), std::move(content)});
    else if (!key_error)
      key_error = rows_->about(*reached_, key.error());
  }

  const mapping* rows_;
  std::optional<stored_key>* last_;
  std::optional<stored_key> reached_;
};

template <class Key, class Value, class Codec>
class edit_job final : public database_job {
 public:
  using mapping = row_mapping<Key, Value, Codec>;
  using edit = table_edit<Key, Value>;

  edit_job(const mapping& rows, const edit& changes) noexcept : database_job(job_kind::write), rows_(&rows), edit_(&changes) {}

  std::vector<edit_outcome> outcomes;

 private:
  result<> run(sqlite_session& session) override {
    outcomes.clear();
    outcomes.reserve(edit_->changes().size());
    for (const auto& change : edit_->changes()) {
      const auto key = key_codec<Key>::encode(change.key);
      auto made = make(session, key, change);
      if (!made) return fail(rows_->about(key, made.error()));
      outcomes.push_back(*made);
    }
    return {};
  }

  result<edit_outcome> make(sqlite_session& session, const stored_key& key, const typename edit::change& change) {
    if (change.value) {
      auto value = encode(*change.value);
      if (!value) return fail(std::move(value.error()));
      return session.put(rows_->name, key, *value, change.wanted);
    }
    if (!change.wanted) return session.erase(rows_->name, key);
    const auto set = session.set_wanted(rows_->name, key, *change.wanted);
    if (!set) return fail(errc::not_found);
    return *set;
  }

  result<new_value> encode(const Value& value) const {
    constexpr bool binary = requires { requires Codec::binary; };
    try {
      result<std::string> bytes = rows_->codec.encode(value);
      if (!bytes) return fail(std::move(bytes.error()));
      return new_value{std::move(*bytes), binary};
    } catch (...) {
      return fail(current_exception_error());
    }
  }

  const mapping* rows_;
  const edit* edit_;
};

}  // namespace steward::detail
