// SPDX-License-Identifier: Apache-2.0
//
// What those who watch a table in SQLite are told beyond the conformance suite: by key where that is known, and nothing endlessly.
#include "steward/testing/table_conformance_watch.hpp"
#include "support.hpp"

#include <SQLiteCpp/Statement.h>
#include <gmock/gmock.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

namespace steward {
namespace {

using test::opened;
using test::temporary_folder;
using test::text_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

class SqliteWatch : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(text_of(here.open()), "success"); }

  /// Time for the first looks after a change of the files, among which one finds what was committed.
  static void let_pass() { std::this_thread::sleep_for(100ms); }

  /// An edit by hand, as docs/table.md says.
  static void put_by_hand(SQLite::Database& in, const std::string& key) {
    in.exec(
        "begin immediate; update steward_meta set value = value + 1 where name = 'generation';"
        "insert or replace into steward_row values ('rows', '" +
        key + "', 'by hand', 'up', (select value from steward_meta where name = 'generation')); commit;");
  }

  temporary_folder folder;
  std::filesystem::path file = folder / "steward.db";
  opened here{file};
  testing::told_hints<std::string> told;
};

TEST_F(SqliteWatch, OwnEditsAreToldByKeyBeforeTheyReturnAndOnce) {
  const auto watch = here.rows.watch(told.hint());
  ASSERT_TRUE(here.put("web", "1"));
  EXPECT_THAT(told.keys(), ElementsAre("web"));
  ASSERT_TRUE(here.set_wanted("web", wanted::down));
  ASSERT_TRUE(here.erase("web"));
  EXPECT_THAT(told.keys(), ElementsAre("web", "web", "web"));
  let_pass();
  EXPECT_THAT(told.keys(), ElementsAre("web", "web", "web")) << "the log has changed, but nobody else has committed";
  EXPECT_EQ(told.any(), 0);
}

TEST_F(SqliteWatch, WhatChangesNothingHereIsNotTold) {
  test::text_table second(here.database, "second");
  ASSERT_TRUE(here.put("web", "1"));
  const auto watch = here.rows.watch(told.hint());
  ASSERT_TRUE(here.put("web", "1"));
  ASSERT_TRUE(here.erase("nobody"));
  ASSERT_TRUE(sync_wait([&](context& ctx) { return second.put(ctx, "other", "1"); }));
  ASSERT_TRUE(sync_wait([&](context& ctx) { return here.state.put(ctx, "web", "past", "1"); }));
  table_edit<std::string, std::string> undone;
  undone.put("undone", "1").set_wanted("nobody", wanted::down);
  ASSERT_FALSE(here.edit(undone));
  let_pass();
  EXPECT_THAT(told.keys(), IsEmpty());
  EXPECT_EQ(told.any(), 0);
}

TEST_F(SqliteWatch, EditsOfAnotherAreToldByKey) {
  opened other(file);
  ASSERT_TRUE(other.open());
  const auto watch = here.rows.watch(told.hint());
  table_edit<std::string, std::string> edit;
  edit.put("api", "1").put("web", "1");
  ASSERT_TRUE(other.edit(edit));
  let_pass();
  EXPECT_THAT(told.keys(), ::testing::UnorderedElementsAre("api", "web"));
  EXPECT_EQ(told.any(), 0);
  ASSERT_TRUE(here.put("mine", "1"));
  ASSERT_TRUE(told.wait_for("mine"));
  ASSERT_TRUE(other.put("web", "2"));
  let_pass();
  EXPECT_THAT(told.keys(), ElementsAre("web")) << "our own edit before it is not told again";
  EXPECT_EQ(told.any(), 0);
}

TEST_F(SqliteWatch, WhatTheCounterDoesNotTellMayBeAnyOnce) {
  ASSERT_TRUE(here.put("web", "1"));
  opened other(file);
  ASSERT_TRUE(other.open());
  auto by_hand = test::other(file);
  const auto watch = here.rows.watch(told.hint());
  by_hand.exec("delete from steward_row where key = 'web'");
  EXPECT_TRUE(told.wait_for_any()) << "by hand, without a generation";
  table_edit<std::string, std::string> edit;
  edit.put("one", "1").put("gone", "1").erase("gone");
  ASSERT_TRUE(other.edit(edit));
  EXPECT_TRUE(told.wait_for_any()) << "more generations than rows";
  let_pass();
  EXPECT_THAT(told.keys(), IsEmpty());
  EXPECT_EQ(told.any(), 0);
}

TEST_F(SqliteWatch, ARollbackOfAnotherIsNotToldAndACheckpointNotEndlessly) {
  ASSERT_TRUE(here.put("web", "1"));
  auto other = test::other(file);
  const auto watch = here.rows.watch(told.hint());
  other.exec(
      "pragma cache_size = 1; begin immediate; create table spilled (x);"
      "with recursive n(i) as (select 1 union all select i + 1 from n where i < 200) insert into spilled select randomblob(4000) from n; rollback");
  let_pass();
  EXPECT_EQ(told.any(), 0);
  SQLite::Statement(other, "pragma wal_checkpoint(truncate)").executeStep();
  let_pass();
  EXPECT_LE(told.any(), 1);
  EXPECT_THAT(told.keys(), IsEmpty());
}

TEST_F(SqliteWatch, ACommitThatCanBeReadLongAfterTheLogHasChangedIsTold) {
  auto other = test::other(file);
  const auto watch = here.rows.watch(told.hint());
  other.exec(
      "pragma cache_size = 1; begin immediate; create table spilled (x);"
      "with recursive n(i) as (select 1 union all select i + 1 from n where i < 200) insert into spilled select randomblob(4000) from n;"
      "delete from spilled");
  std::this_thread::sleep_for(300ms);
  EXPECT_EQ(told.any(), 0);
  other.exec("commit");
  EXPECT_TRUE(told.wait_for_any());
}

TEST_F(SqliteWatch, ADatabaseThatIsBackAtItsPathMayHaveChangedAnywhere) {
  ASSERT_TRUE(here.put("web", "1"));
  const auto watch = here.rows.watch(told.hint());
  std::filesystem::rename(file, folder / "moved.db");
  ASSERT_FALSE(here.get("web"));
  let_pass();
  std::filesystem::rename(folder / "moved.db", file);
  EXPECT_TRUE(told.wait_for_any()) << "back again, and nobody has called";
  let_pass();
  EXPECT_EQ(told.any(), 0);
  ASSERT_TRUE(here.close());
  std::filesystem::copy_file(file, folder / "copy.db");
  ASSERT_TRUE(here.open());
  EXPECT_TRUE(told.wait_for_any()) << "opened again";
  let_pass();
  EXPECT_EQ(told.any(), 0);

  std::filesystem::rename(folder / "copy.db", file);
  EXPECT_TRUE(told.wait_for_any()) << "replaced by a copy, and nobody has called";
  let_pass();
  EXPECT_EQ(told.any(), 0);
  EXPECT_EQ(*here.get("web")->value, "1");
  put_by_hand(*std::make_unique<SQLite::Database>(test::other(file)), "new");
  EXPECT_TRUE(told.wait_for("new")) << "the new files are followed";
}

TEST_F(SqliteWatch, WhatIsNoDatabaseAnyMoreEndsNothing) {
  ASSERT_TRUE(here.put("web", "1"));
  const auto watch = here.rows.watch(told.hint());
  ASSERT_TRUE(here.close());
  const auto whole = test::read_file(file);
  ASSERT_TRUE(here.open());
  EXPECT_TRUE(told.wait_for_any());
  test::write_file(file, "this is a shopping list, and longer than SQLite's first page has to be" + std::string(5000, '.'));
  let_pass();
  EXPECT_FALSE(here.get("web"));
  let_pass();
  EXPECT_EQ(told.any(), 0);
  for (const auto* end : {"-wal", "-shm"}) std::filesystem::remove(file.string() + end);
  test::write_file(file, whole);
  EXPECT_TRUE(told.wait_for_any());
}

TEST_F(SqliteWatch, AWatchMayBeThereBeforeTheDatabaseIs) {
  opened later(folder / "later.db");
  const auto watch = later.rows.watch(told.hint());
  let_pass();
  EXPECT_EQ(told.any(), 0);
  ASSERT_TRUE(later.open());
  EXPECT_TRUE(told.wait_for_any());
  auto other = test::other(folder / "later.db");
  put_by_hand(other, "web");
  EXPECT_TRUE(told.wait_for("web"));
}

TEST_F(SqliteWatch, ARowOfAnotherProgramIsToldByKey) {
  if (std::system("sqlite3 --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "there is no sqlite3 here";  // NOLINT(concurrency-mt-unsafe)
  const auto watch = here.rows.watch(told.hint());
  const auto command = "sqlite3 '" + file.string() +
                       "' \"begin immediate; update steward_meta set value = value + 1 where name = 'generation';"
                       "insert into steward_row select 'rows', 'web', 'nginx', 'up', value from steward_meta where name = 'generation'; commit;\"";
  ASSERT_EQ(std::system(command.c_str()), 0);  // NOLINT(concurrency-mt-unsafe)
  EXPECT_TRUE(told.wait_for("web"));
  EXPECT_EQ(*here.get("web")->value, "nginx");
  let_pass();
  EXPECT_EQ(told.any(), 0);
}

TEST_F(SqliteWatch, AKeyThatCannotBeToldMayBeAny) {
  sqlite_table<int, std::string> numbers(here.database, "rows");
  testing::told_hints<int> told_numbers;
  const auto watch = numbers.watch(told_numbers.hint());
  ASSERT_TRUE(here.put("text", "1"));
  EXPECT_EQ(told_numbers.any(), 1);
}

}  // namespace
}  // namespace steward
