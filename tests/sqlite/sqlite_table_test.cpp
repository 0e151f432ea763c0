// SPDX-License-Identifier: Apache-2.0
#include "support.hpp"

#include <SQLiteCpp/Statement.h>
#include <gmock/gmock.h>

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

namespace steward {
namespace {

using test::opened;
using test::temporary_folder;
using test::text_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;

class SqliteTable : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(text_of(here.open()), "success"); }

  temporary_folder folder;
  opened here{folder / "steward.db"};
};

TEST_F(SqliteTable, APutAddsThenChangesThenFindsNothingToChange) {
  EXPECT_EQ(here.put("web", "1"), (edit_outcome{row_change::added, 1}));
  EXPECT_EQ(here.put("web", "2"), (edit_outcome{row_change::changed, 2}));
  EXPECT_EQ(here.put("web", "2"), (edit_outcome{row_change::unchanged, 2}));
  EXPECT_EQ(here.put("web", "2", wanted::down), (edit_outcome{row_change::changed, 3}));
  EXPECT_EQ(here.get("web")->generation, 3U);
}

TEST_F(SqliteTable, APutThatSaysNothingOfWantedLeavesItAsItIs) {
  (void)here.put("stopped", "1", wanted::down);
  EXPECT_EQ(here.put("stopped", "1", std::nullopt)->what, row_change::unchanged);
  EXPECT_EQ(here.put("stopped", "2", std::nullopt)->what, row_change::changed);
  EXPECT_EQ(here.put("new", "1", std::nullopt)->what, row_change::added);
  EXPECT_THAT(*here.all(), ElementsAre(Pair("new", "1"), Pair("stopped", "2 (down)")));
}

TEST_F(SqliteTable, WantedIsChangedWithoutTheValue) {
  (void)here.put("web", "1");
  EXPECT_EQ(here.set_wanted("web", wanted::down), (edit_outcome{row_change::changed, 2}));
  EXPECT_EQ(here.set_wanted("web", wanted::down), (edit_outcome{row_change::unchanged, 2}));
  EXPECT_THAT(*here.all(), ElementsAre(Pair("web", "1 (down)")));
}

TEST_F(SqliteTable, WhatIsNotThereCannotBeWantedAndIsErasedAlready) {
  const auto set = here.set_wanted("web", wanted::down);
  EXPECT_EQ(text_of(set), "row web of rows: not found");
  EXPECT_TRUE(set.error().is(errc::not_found));
  EXPECT_EQ(here.erase("web"), (edit_outcome{row_change::unchanged, 0}));
}

TEST_F(SqliteTable, AGenerationGoesOnOverADeletionAndAReopening) {
  (void)here.put("web", "1");
  (void)here.put("web", "2");
  EXPECT_EQ(here.erase("web"), (edit_outcome{row_change::removed, 2}));
  ASSERT_TRUE(here.close());
  ASSERT_TRUE(here.open());
  EXPECT_EQ(here.put("web", "1"), (edit_outcome{row_change::added, 4})) << "the deletion has one too";
}

TEST_F(SqliteTable, OneCounterServesAllTablesOfAFile) {
  test::text_table second(here.database, "second");
  (void)here.put("web", "1");
  const auto put = sync_wait([&](context& ctx) { return second.put(ctx, "web", "other"); });
  EXPECT_EQ(put->generation, 2U);
  EXPECT_THAT(*here.all(), ElementsAre(Pair("web", "1")));
  EXPECT_THAT(*sync_wait([&](context& ctx) { return test::content(ctx, second); }), ElementsAre(Pair("web", "other")));
}

TEST_F(SqliteTable, AnEditMakesAllItsChangesInTheirOrder) {
  (void)here.put("old", "1");
  table_edit<std::string, std::string> edit;
  edit.put("a", "1").put("b", "1").put("a", "2").set_wanted("b", wanted::down).erase("old").erase("never");
  const auto outcomes = here.edit(edit);
  ASSERT_EQ(text_of(outcomes), "success");
  EXPECT_THAT(*outcomes,
              ElementsAre(edit_outcome{row_change::added, 2}, edit_outcome{row_change::added, 3}, edit_outcome{row_change::changed, 4},
                          edit_outcome{row_change::changed, 5}, edit_outcome{row_change::removed, 1}, edit_outcome{row_change::unchanged, 0}));
  EXPECT_THAT(*here.all(), ElementsAre(Pair("a", "2"), Pair("b", "1 (down)")));
}

TEST_F(SqliteTable, AnEditThatFailsInTheMiddleChangesNothing) {
  (void)here.put("old", "1");
  table_edit<std::string, std::string> edit;
  edit.put("new", "1").erase("old").set_wanted("never", wanted::down).put("newer", "1");
  EXPECT_EQ(text_of(here.edit(edit)), "row never of rows: not found");
  EXPECT_THAT(*here.all(), ElementsAre(Pair("old", "1")));
  EXPECT_GT(here.put("old", "2")->generation, 1U);
}

TEST_F(SqliteTable, AnEmptyEditIsASuccess) { EXPECT_THAT(*here.edit({}), IsEmpty()); }

TEST_F(SqliteTable, WritesThatWaitTogetherAreDoneTogetherAndFailAlone) {
  constexpr int count = 600;  // more than go into one transaction
  std::vector<std::thread> threads;
  std::atomic<int> put{0};
  std::atomic<int> refused{0};
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      for (int n = thread; n < count; n += 4) {
        if (n % 10 == 0)
          refused += here.set_wanted("never " + std::to_string(n), wanted::up) ? 0 : 1;
        else
          put += here.put("key " + std::to_string(n), "1") ? 1 : 0;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(put, count - count / 10);
  EXPECT_EQ(refused, count / 10);
  EXPECT_EQ(here.all()->size(), static_cast<std::size_t>(count - count / 10));
}

// --- codecs

struct picky_codec {
  static result<std::string> encode(const std::string& value) {
    if (value == "refused") return fail(error("the value is \"refused\""));
    if (value == "thrown") throw std::runtime_error("no such value");
    return value;
  }
  static result<std::string> decode(std::string_view stored) {
    if (stored == "bad") return fail(error("neither here nor there"));
    if (stored == "worse") throw std::runtime_error("boom");
    return std::string(stored);
  }
};

TEST_F(SqliteTable, M10_ARowThatCannotBeDecodedIsReportedWithItsKeyAndSkipped) {
  for (const auto* value : {"bad", "good", "worse"}) (void)here.put(std::string("is ") + value, value);
  sqlite_table<std::string, std::string, picky_codec> picky(here.database, "rows");
  const auto all = sync_wait([&](context& ctx) { return test::content(ctx, picky); });
  ASSERT_EQ(text_of(all), "success");
  EXPECT_THAT(*all, ElementsAre(Pair("is bad", "row is bad of rows: neither here nor there"), Pair("is good", "good"),
                                Pair("is worse", "row is worse of rows: std::runtime_error: boom")));
  const std::string key = "is bad";
  const auto got = sync_wait([&](context& ctx) { return picky.get(ctx, key); });
  EXPECT_EQ(text_of(got), "row is bad of rows: neither here nor there");
  EXPECT_FALSE(got.error().is(errc::not_found));
  EXPECT_FALSE(here.database.trouble()) << "the table can be read";
}

struct short_key_codec : text_codec {
  static result<std::string> decode(const stored_key& key, std::string_view stored) {
    if (to_string(key).size() > 3) return fail(error("its key is too long"));
    return std::string(stored);
  }
};

TEST_F(SqliteTable, M10_ACodecMayRefuseARowForItsKey) {
  for (const auto* key : {"db", "much too long", "web"}) (void)here.put(std::string(key), "1");
  sqlite_table<std::string, std::string, short_key_codec> picky(here.database, "rows");
  const auto all = sync_wait([&](context& ctx) { return test::content(ctx, picky); });
  ASSERT_EQ(text_of(all), "success");
  EXPECT_THAT(*all, ElementsAre(Pair("db", "1"), Pair("much too long", "row much too long of rows: its key is too long"), Pair("web", "1")));
}

TEST_F(SqliteTable, AValueThatCannotBeEncodedIsNotStoredNorIsWhatCameWithIt) {
  sqlite_table<std::string, std::string, picky_codec> picky(here.database, "rows");
  for (const auto* value : {"refused", "thrown"}) {
    table_edit<std::string, std::string> edit;
    edit.put("fine", "1").put("web", value);
    const auto done = sync_wait([&](context& ctx) { return picky.edit(ctx, edit); });
    EXPECT_THAT(text_of(done), StartsWith("row web of rows: "));
  }
  EXPECT_THAT(*here.all(), IsEmpty());
}

struct blob_codec : text_codec {
  static constexpr bool binary = true;
};

TEST_F(SqliteTable, TextIsStoredAsTextAndBinaryAsABlob) {
  sqlite_table<std::string, std::string, blob_codec> blobs(here.database, "blobs");
  const std::string odd("a\0b\xff", 4);
  ASSERT_TRUE(here.put("key", "plain"));
  ASSERT_TRUE(sync_wait([&](context& ctx) { return blobs.put(ctx, "key", odd); }));
  ASSERT_TRUE(sync_wait([&](context& ctx) { return blobs.put(ctx, "empty", ""); }));
  auto file = test::other(folder / "steward.db");
  EXPECT_EQ(file.execAndGet("select typeof(value) from steward_row where table_name = 'rows'").getString(), "text");
  EXPECT_EQ(file.execAndGet("select group_concat(typeof(value)) from steward_row where table_name = 'blobs'").getString(), "blob,blob");
  EXPECT_THAT(*sync_wait([&](context& ctx) { return test::content(ctx, blobs); }), ElementsAre(Pair("empty", ""), Pair("key", odd)));
  EXPECT_EQ(sync_wait([&](context& ctx) { return blobs.put(ctx, "key", odd); })->what, row_change::unchanged);
}

TEST_F(SqliteTable, AValueOfManyPagesIsStoredWhole) {
  const std::string large(5'000'000, 'x');
  ASSERT_TRUE(here.put("large", large));
  EXPECT_EQ(*here.get("large")->value, large);
}

// --- keys

template <class Key>
std::vector<Key> keys_of(sqlite_database& in, const std::vector<Key>& keys) {
  sqlite_table<Key, std::string> rows(in, "numbers");
  std::vector<Key> found;
  const auto done = sync_wait([&](context& ctx) -> task<> {
    for (auto key : keys) (void)co_await or_return(rows.put(ctx, key, "x"));
    auto at = rows.iterate();
    while (co_await at.next(ctx)) found.push_back((**at.get()).key);
    if (at.err()) co_return *at.err();
    co_return {};
  });
  EXPECT_EQ(text_of(done), "success");
  return found;
}

TEST_F(SqliteTable, NumbersAreKeysOverTheirWholeRange) {
  using int64 = std::numeric_limits<std::int64_t>;
  EXPECT_THAT(keys_of<std::int64_t>(here.database, {int64::max(), 0, int64::min()}), ElementsAre(int64::min(), 0, int64::max()));
}

TEST_F(SqliteTable, LargeUnsignedNumbersAreKeysToo) {
  const auto most = std::numeric_limits<std::uint64_t>::max();
  EXPECT_THAT(keys_of<std::uint64_t>(here.database, {most, 0, most / 2}), ::testing::UnorderedElementsAre(most, 0, most / 2));
}

TEST_F(SqliteTable, M12_ARowWhoseKeyCannotBeToldEndsTheIterationWithAnErrorAfterTheOthers) {
  (void)here.put("a", "1");
  sqlite_table<std::int64_t, std::string> numbers(here.database, "rows");
  ASSERT_TRUE(sync_wait([&](context& ctx) { return numbers.put(ctx, 7, "x"); }));
  std::vector<std::string> seen;
  const auto done = sync_wait([&](context& ctx) -> task<> {
    auto at = here.rows.iterate();
    while (co_await at.next(ctx)) seen.push_back((**at.get()).key);
    if (at.err()) co_return *at.err();
    co_return {};
  });
  EXPECT_THAT(seen, ElementsAre("a"));
  EXPECT_EQ(text_of(done), "row 7 of rows: the key is a number; it has to be text");
}

TEST_F(SqliteTable, M12_APageOfKeysThatCannotBeToldIsNotTheEnd) {
  (void)here.put("z", "1");
  sqlite_table<std::int64_t, std::string> numbers(here.database, "rows");
  table_edit<std::int64_t, std::string> edit;
  for (int n = 0; n < 3000; ++n) edit.put(n, "x");
  ASSERT_TRUE(sync_wait([&](context& ctx) { return numbers.edit(ctx, edit); }));
  std::vector<std::string> seen;
  const auto done = sync_wait([&](context& ctx) -> task<> {
    auto at = here.rows.iterate();
    while (co_await at.next(ctx)) seen.push_back((**at.get()).key);
    if (at.err()) co_return *at.err();
    co_return {};
  });
  EXPECT_THAT(seen, ElementsAre("z"));
  EXPECT_FALSE(done);
}

TEST_F(SqliteTable, ANumberOutOfRangeOfTheKeyTypeIsNotReadAsAnother) {
  sqlite_table<std::int64_t, std::string> wide(here.database, "rows");
  ASSERT_TRUE(sync_wait([&](context& ctx) { return wide.put(ctx, 257, "x"); }));
  sqlite_table<std::uint8_t, std::string> narrow(here.database, "rows");
  const auto done = sync_wait([&](context& ctx) -> task<> {
    auto at = narrow.iterate();
    EXPECT_FALSE(co_await at.next(ctx));
    if (at.err()) co_return *at.err();
    co_return {};
  });
  EXPECT_EQ(text_of(done), "row 257 of rows: the key is out of the range of its type");
}

// --- edits by others

TEST_F(SqliteTable, AnotherProcessMayEditMeanwhile) {
  opened second(folder / "steward.db");
  ASSERT_TRUE(second.open());
  EXPECT_EQ(here.put("web", "1")->generation, 1U);
  EXPECT_EQ(second.put("web", "2")->generation, 2U);
  EXPECT_EQ(here.put("web", "3")->generation, 3U);
  EXPECT_THAT(*second.all(), ElementsAre(Pair("web", "3")));
}

TEST_F(SqliteTable, TheFileItselfRefusesARowThatCouldNotBeRead) {
  auto file = test::other(folder / "steward.db");
  const auto insert = [&](const std::string& values) {
    try {
      file.exec("insert into steward_row values ('rows', " + values + ")");
      return std::string("stored");
    } catch (const std::exception& refused) {
      return std::string(refused.what());
    }
  };
  EXPECT_THAT(insert("1.5, 'x', 'up', 1"), HasSubstr("CHECK constraint failed"));
  EXPECT_THAT(insert("'web', 5, 'up', 1"), HasSubstr("CHECK constraint failed"));
  EXPECT_THAT(insert("'web', 'x', 'maybe', 1"), HasSubstr("CHECK constraint failed"));
  EXPECT_THAT(insert("'web', 'x', 'up', 0"), HasSubstr("CHECK constraint failed"));
  EXPECT_THAT(insert("null, 'x', 'up', 1"), HasSubstr("NOT NULL"));
  EXPECT_EQ(insert("'web', 'x', 'up', 1"), "stored");
}

TEST(RowChange, NamesAreWireFormat) {
  EXPECT_EQ(to_string(row_change::unchanged), "unchanged");
  EXPECT_EQ(to_string(row_change::added), "added");
  EXPECT_EQ(to_string(row_change::changed), "changed");
  EXPECT_EQ(to_string(row_change::removed), "removed");
}

}  // namespace
}  // namespace steward
