// SPDX-License-Identifier: Apache-2.0
#include "../../adapters/sqlite/src/schema.hpp"

#include "support.hpp"

#include <SQLiteCpp/Statement.h>
#include <gmock/gmock.h>

namespace steward {
namespace {

using detail::judge;
using detail::our_application_id;
using detail::schema_verdict;
using test::opened;
using test::temporary_folder;
using test::text_of;
using ::testing::ElementsAre;
using ::testing::Pair;

constexpr int known = 3;

TEST(Schema, AFileIsJudgedByItsMarks) {
  EXPECT_EQ(judge({0, 0, 0}, known), schema_verdict::fresh);
  EXPECT_EQ(judge({our_application_id, 0, 0}, known), schema_verdict::older);
  EXPECT_EQ(judge({our_application_id, 1, 2}, known), schema_verdict::older);
  EXPECT_EQ(judge({our_application_id, 3, 3}, known), schema_verdict::current);
  EXPECT_EQ(judge({our_application_id, 4, 3}, known), schema_verdict::newer);
  EXPECT_EQ(judge({our_application_id, -1, 3}, known), schema_verdict::newer);
  EXPECT_EQ(judge({0, 0, 1}, known), schema_verdict::foreign);
  EXPECT_EQ(judge({0, 1, 0}, known), schema_verdict::foreign);
  EXPECT_EQ(judge({42, 2, 0}, known), schema_verdict::foreign);
}

TEST(Schema, TheVersionOfThisProgramIsPinned) {
  EXPECT_EQ(detail::known_version(), known) << "a new version needs a test that migrates from the one before";
  const temporary_folder folder;
  opened here(folder / "steward.db");
  ASSERT_TRUE(here.open());
  auto file = test::other(folder / "steward.db");
  EXPECT_EQ(file.execAndGet("pragma user_version").getInt(), known);
  EXPECT_EQ(file.execAndGet("pragma application_id").getInt(), our_application_id);
  EXPECT_EQ(file.execAndGet("pragma journal_mode").getString(), "wal");
}

/// A file as the first version wrote it, by hand.
void make_version_1(const std::filesystem::path& path) {
  auto file = test::other(path);
  file.exec(R"(
    begin;
    create table steward_meta (name text not null primary key, value any not null) strict, without rowid;
    insert into steward_meta values ('database_id', 'an-old-one'), ('generation', 41);
    create table steward_row (
      table_name text not null,
      key any not null check (typeof(key) in ('integer', 'text')),
      value any not null check (typeof(value) in ('text', 'blob')),
      wanted text not null check (wanted in ('up', 'down')),
      generation integer not null check (generation > 0),
      primary key (table_name, key)
    ) strict, without rowid;
    insert into steward_row values ('rows', 'web', 'nginx', 'down', 41);
    pragma application_id = 0x53747764;
    pragma user_version = 1;
    commit;)");
}

TEST(Schema, AnOlderFileIsBroughtUpToDateWithItsRows) {
  const temporary_folder folder;
  make_version_1(folder / "steward.db");
  opened here(folder / "steward.db");
  ASSERT_EQ(text_of(here.open()), "success");
  EXPECT_THAT(*here.all(), ElementsAre(Pair("web", "nginx (down)")));
  EXPECT_EQ(here.put("web", "apache")->generation, 42U);
  EXPECT_TRUE(sync_wait([&](context& ctx) { return here.state.put(ctx, "web", "incarnations", "1"); }));
  EXPECT_EQ(test::other(folder / "steward.db").execAndGet("pragma user_version").getInt(), known);
}

/// A file as the second version wrote it, by hand.
void make_version_2(const std::filesystem::path& path) {
  make_version_1(path);
  test::other(path).exec(R"(
    begin;
    create table steward_state (key text not null, name text not null, value text not null, primary key (key, name)) strict, without rowid;
    insert into steward_state values ('web', 'incarnations', '7');
    pragma user_version = 2;
    commit;)");
}

TEST(Schema, AFileOfTheSecondVersionIsBroughtUpToDateWithWhatItRemembers) {
  const temporary_folder folder;
  make_version_2(folder / "steward.db");
  opened here(folder / "steward.db");
  ASSERT_EQ(text_of(here.open()), "success");
  EXPECT_THAT(*here.all(), ElementsAre(Pair("web", "nginx (down)")));
  EXPECT_EQ(here.put("web", "apache")->generation, 42U);
  auto file = test::other(folder / "steward.db");
  EXPECT_EQ(file.execAndGet("select value from steward_state where key = 'web' and name = 'incarnations'").getString(), "7");
  EXPECT_EQ(file.execAndGet("select count(*) from sqlite_master where name = 'steward_row_generation'").getInt(), 1);
  EXPECT_EQ(file.execAndGet("pragma user_version").getInt(), known);
}

TEST(Schema, AMarkedFileWithoutTablesIsFilled) {
  const temporary_folder folder;
  test::other(folder / "steward.db").exec("pragma application_id = 0x53747764");
  opened here(folder / "steward.db");
  ASSERT_EQ(text_of(here.open()), "success");
  EXPECT_TRUE(here.put("web", "1"));
}

TEST(Schema, AnEmptySqliteFileIsFilled) {
  const temporary_folder folder;
  test::other(folder / "steward.db").exec("create table x (y); drop table x");
  opened here(folder / "steward.db");
  ASSERT_EQ(text_of(here.open()), "success");
  EXPECT_TRUE(here.put("web", "1"));
}

TEST(Schema, AMigrationThatFailsLeavesTheFileAsItWas) {
  const temporary_folder folder;
  make_version_1(folder / "steward.db");
  test::other(folder / "steward.db").exec("create table steward_state (something_else)");
  opened here(folder / "steward.db");
  EXPECT_EQ(text_of(here.open()), "database " + (folder / "steward.db").string() + ": table steward_state already exists");
  auto file = test::other(folder / "steward.db");
  EXPECT_EQ(file.execAndGet("pragma user_version").getInt(), 1);
  EXPECT_EQ(file.execAndGet("select value from steward_row").getString(), "nginx");
}

TEST(Schema, TwoThatMigrateAtOnceDoItOnce) {
  for (int round = 0; round < 5; ++round) {
    const temporary_folder folder;
    make_version_1(folder / "steward.db");
    opened first(folder / "steward.db");
    opened second(folder / "steward.db");
    std::string first_outcome;
    std::thread other([&] { first_outcome = text_of(first.open()); });
    EXPECT_EQ(text_of(second.open()), "success");
    other.join();
    EXPECT_EQ(first_outcome, "success");
    EXPECT_THAT(*first.all(), ElementsAre(Pair("web", "nginx (down)")));
  }
}

}  // namespace
}  // namespace steward
