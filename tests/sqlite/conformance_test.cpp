// SPDX-License-Identifier: Apache-2.0
#include "steward/testing/table_conformance.hpp"
#include "support.hpp"

namespace steward::testing {
namespace {

/// Where the edits come from: the database that is read, or another opening of the file, as another process would have it.
enum class editor : unsigned char { same, other };

/// Text by text, and numbers by numbers: the two kinds of key that a file can hold.
template <class Key, class Value, class Codec, editor By>
class sqlite_fixture {
 public:
  using key_type = Key;
  using value_type = Value;

  sqlite_fixture() {
    for (auto* each : {&database_, &other_}) EXPECT_TRUE(sync_wait([each](context& ctx) { return each->open(ctx); }).has_value());
  }
  ~sqlite_fixture() {
    for (auto* each : {&database_, &other_}) (void)sync_wait([each](context& ctx) { return each->close(ctx); });
  }
  sqlite_fixture(const sqlite_fixture&) = delete;
  sqlite_fixture& operator=(const sqlite_fixture&) = delete;

  steward::table<Key, Value>& table() { return rows_; }

  task<std::uint64_t> put(context& ctx, Key key, Value value, wanted what) {
    const auto put = co_await or_return(edited_.put(ctx, std::move(key), std::move(value), what));
    co_return put.generation;
  }
  task<bool> set_wanted(context& ctx, Key key, wanted what) {
    const auto set = co_await edited_.set_wanted(ctx, std::move(key), what);
    if (!set && set.error().is(errc::not_found)) co_return false;
    if (!set) co_return set.error();
    co_return true;
  }
  task<bool> erase(context& ctx, Key key) {
    const auto erased = co_await or_return(edited_.erase(ctx, std::move(key)));
    co_return erased.what == row_change::removed;
  }
  task<> fill(context& ctx, int count) {
    table_edit<Key, Value> rows;
    for (int n = 0; n < count; ++n) rows.put(key(n), value(n));
    (void)co_await or_return(edited_.edit(ctx, std::move(rows)));
    co_return {};
  }

  static Key key(int n) {
    if constexpr (std::same_as<Key, std::string>)
      return "key " + std::to_string(n);
    else
      return static_cast<Key>(n - 50);  // negative ones too
  }
  static Value value(int n) {
    if constexpr (std::same_as<Value, std::string>)
      return "value " + std::to_string(n);
    else
      return n;
  }

 private:
  test::temporary_folder folder_;
  sqlite_database database_{folder_ / "steward.db"};
  sqlite_database other_{folder_ / "steward.db"};
  sqlite_table<Key, Value, Codec> rows_{database_, "rows"};
  sqlite_table<Key, Value, Codec> edited_{By == editor::same ? database_ : other_, "rows"};
};

/// Numbers as blobs of four bytes.
struct number_codec {
  static constexpr bool binary = true;
  static std::string encode(int value) { return std::string(reinterpret_cast<const char*>(&value), sizeof(value)); }
  static result<int> decode(std::string_view stored) {
    if (stored.size() != sizeof(int)) return fail(error("not four bytes"));
    int value = 0;
    stored.copy(reinterpret_cast<char*>(&value), sizeof(value));
    return value;
  }
};

using text_fixture = sqlite_fixture<std::string, std::string, text_codec, editor::same>;
using number_fixture = sqlite_fixture<std::int32_t, int, number_codec, editor::same>;
using foreign_fixture = sqlite_fixture<std::string, std::string, text_codec, editor::other>;

INSTANTIATE_TYPED_TEST_SUITE_P(SqliteTableOfTexts, table_conformance, text_fixture);
INSTANTIATE_TYPED_TEST_SUITE_P(SqliteTableOfNumbers, table_conformance, number_fixture);
INSTANTIATE_TYPED_TEST_SUITE_P(SqliteTableEditedByOthers, table_conformance, foreign_fixture);

}  // namespace
}  // namespace steward::testing
