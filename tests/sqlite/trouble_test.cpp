// SPDX-License-Identifier: Apache-2.0
//
// What may happen to the file while it is open: calls fail with an error, nothing else happens, and it works again when the file is back.
#include "support.hpp"

#include <gmock/gmock.h>

namespace steward {
namespace {

using namespace std::chrono_literals;
using test::opened;
using test::temporary_folder;
using test::text_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class Trouble : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(text_of(here.open()), "success");
    ASSERT_TRUE(here.put("web", "1"));
  }

  /// Reads and writes fail, and say this; status can say since when.
  void expect_trouble(const std::string& text) {
    EXPECT_THAT(text_of(here.all()), HasSubstr(text));
    EXPECT_THAT(text_of(here.get("web")), HasSubstr(text));
    EXPECT_THAT(text_of(here.put("new", "1")), HasSubstr(text));
    EXPECT_THAT(text_of(here.check()), HasSubstr(text));
    const auto seen = here.database.trouble();
    ASSERT_TRUE(seen);
    EXPECT_THAT(seen->why.to_string(), HasSubstr(text));
    const auto again = here.get("web");
    EXPECT_FALSE(again);
    EXPECT_FALSE(again.error().is(errc::not_found)) << "nobody may conclude that it is absent";
    EXPECT_EQ(here.database.trouble()->since, seen->since);
  }
  void expect_well() {
    EXPECT_EQ(text_of(here.check()), "success");
    EXPECT_FALSE(here.database.trouble());
    EXPECT_THAT(*here.all(), ElementsAre(Pair("web", "1")));
    EXPECT_EQ(text_of(here.put("new", "1")), "success");
    EXPECT_EQ(text_of(here.erase("new")), "success");
  }

  temporary_folder folder;
  std::filesystem::path file = folder / "steward.db";
  std::filesystem::path away = folder / "away.db";
  opened here{file, 100ms};
};

TEST_F(Trouble, M12_AFileThatIsMovedAwayFailsAndWorksAgainWhenItIsBack) {
  std::filesystem::rename(file, away);
  expect_trouble("gone: moved or deleted while in use; put it back");
  EXPECT_FALSE(std::filesystem::exists(file)) << "a missing table must not come back empty";
  std::filesystem::rename(away, file);
  expect_well();
}

TEST_F(Trouble, AFileThatIsMovedAwayIsWholeWithoutItsLog) {
  std::filesystem::rename(file, away);
  EXPECT_FALSE(here.check());
  EXPECT_EQ(test::other(away).execAndGet("select count(*) from steward_row").getInt(), 1);
}

TEST_F(Trouble, AFolderThatIsMovedAwayFailsAndWorksAgainWhenItIsBack) {
  const temporary_folder elsewhere;
  std::filesystem::create_directory(folder / "sub");
  opened inside(folder / "sub/steward.db");
  ASSERT_TRUE(inside.open());
  ASSERT_TRUE(inside.put("web", "1"));
  std::filesystem::rename(folder / "sub", elsewhere / "sub");
  EXPECT_THAT(text_of(inside.all()), HasSubstr("gone"));
  EXPECT_THAT(text_of(inside.put("new", "1")), HasSubstr("gone"));
  std::filesystem::rename(elsewhere / "sub", folder / "sub");
  EXPECT_THAT(*inside.all(), ElementsAre(Pair("web", "1")));
}

TEST_F(Trouble, ADeletedFileCanBeRestoredFromACopy) {
  ASSERT_TRUE(here.close());
  std::filesystem::copy_file(file, away);
  ASSERT_TRUE(here.open());
  ASSERT_TRUE(here.put("web", "2"));
  for (const auto* end : {"", "-wal", "-shm"}) std::filesystem::remove(folder / ("steward.db" + std::string(end)));
  expect_trouble("gone");
  std::filesystem::rename(away, file);
  expect_well();
  EXPECT_GT(here.put("web", "3")->generation, 2U) << "generations were given that the copy does not know";
}

TEST_F(Trouble, AnotherDatabaseInItsPlaceIsRefused) {
  {
    opened second(away);
    ASSERT_TRUE(second.open());
    ASSERT_TRUE(second.put("other", "1"));
  }
  std::filesystem::rename(file, folder / "first.db");
  std::filesystem::rename(away, file);
  expect_trouble("replaced by another database while in use; put the first one back, or restart to use this one");
  std::filesystem::rename(folder / "first.db", file);
  expect_well();
}

TEST_F(Trouble, AnEmptyFileInItsPlaceIsNotAnEmptyTable) {
  std::filesystem::rename(file, away);
  test::write_file(file, "");
  expect_trouble("replaced by an empty file while in use; put the database back");
  EXPECT_EQ(std::filesystem::file_size(file), 0U);
  std::filesystem::rename(away, file);
  expect_well();
}

TEST_F(Trouble, AForeignFileInItsPlaceIsRefusedAndLeftAsItWas) {
  std::filesystem::rename(file, away);
  test::write_file(file, "not a database at all");
  expect_trouble("not a SQLite database");
  EXPECT_EQ(test::read_file(file), "not a database at all");
  std::filesystem::rename(away, file);
  expect_well();
}

TEST_F(Trouble, ALogThatIsDeletedLosesNothing) {
  ASSERT_TRUE(here.put("later", "1"));
  std::filesystem::remove(folder / "steward.db-wal");
  EXPECT_EQ(text_of(here.put("latest", "1")), "success");
  ASSERT_TRUE(here.close());
  ASSERT_TRUE(here.open());
  EXPECT_THAT(*here.all(), ElementsAre(Pair("later", "1"), Pair("latest", "1"), Pair("web", "1")));
}

TEST_F(Trouble, AFileOverwrittenInPlaceFailsAndWorksAgainWhenItIsRestored) {
  ASSERT_TRUE(here.close());
  const auto good = test::read_file(file);
  ASSERT_TRUE(here.open());
  ASSERT_TRUE(here.check());
  test::write_file(file, std::string(good.size(), 'x'));
  expect_trouble("not a SQLite database");
  EXPECT_TRUE(test::read_file(file) == std::string(good.size(), 'x'));
  test::write_file(file, good);
  expect_well();
}

TEST_F(Trouble, AFileCutToNothingIsNotAnEmptyTable) {
  ASSERT_TRUE(here.close());
  const auto good = test::read_file(file);
  ASSERT_TRUE(here.open());
  ASSERT_TRUE(here.check());
  std::filesystem::resize_file(file, 0);
  expect_trouble("replaced by an empty file");
  test::write_file(file, good);
  expect_well();
}

/// What a file is after some of it was lost: the page in its middle says nothing that makes sense.
std::string damage_in_the_middle(std::string content) {
  constexpr std::size_t page = 4096;
  return content.replace(content.size() / 2 / page * page, page, std::string(page, '\xff'));
}

TEST_F(Trouble, DamageInTheMiddleIsFoundWhenItIsReadAndStaysFound) {
  table_edit<std::string, std::string> edit;
  for (int n = 0; n < 10'000; ++n) edit.put("key " + std::to_string(n), std::string(500, 'x'));
  ASSERT_TRUE(here.edit(edit));
  ASSERT_TRUE(here.close());
  const auto good = test::read_file(file);
  test::write_file(file, damage_in_the_middle(good));
  ASSERT_EQ(text_of(here.open()), "success");
  EXPECT_THAT(text_of(here.all()), HasSubstr("damaged"));
  EXPECT_THAT(text_of(here.get("web")), HasSubstr("damaged")) << "a file that was found damaged is looked at as a whole";
  test::write_file(file, good);
  EXPECT_EQ(here.all()->size(), 10'001U);
}

TEST_F(Trouble, DamageThatAWriteMeetsIsTroubleAtOnce) {
  table_edit<std::string, std::string> edit;
  for (int n = 0; n < 10'000; ++n) edit.put("key " + std::to_string(n), std::string(500, 'x'));
  ASSERT_TRUE(here.edit(edit));
  ASSERT_TRUE(here.close());
  const auto good = test::read_file(file);
  ASSERT_EQ(text_of(here.open()), "success");
  ASSERT_EQ(text_of(here.check()), "success");
  test::write_file(file, damage_in_the_middle(good));
  auto put = here.put("key 0", "y");
  for (int n = 1; n < 10'000 && put; ++n) put = here.put("key " + std::to_string(n), "y");
  EXPECT_THAT(text_of(put), HasSubstr("damaged"));
  ASSERT_TRUE(here.database.trouble());
  EXPECT_THAT(here.database.trouble()->why.to_string(), HasSubstr("damaged"));
  EXPECT_THAT(text_of(here.get("web")), HasSubstr("damaged")) << "found by the one connection, it is known to the other";
}

TEST_F(Trouble, WhatWasLeftOpenIsLookedAtAsAWhole) {
  table_edit<std::string, std::string> edit;
  for (int n = 0; n < 10'000; ++n) edit.put("key " + std::to_string(n), std::string(500, 'x'));
  ASSERT_TRUE(here.edit(edit));
  ASSERT_TRUE(here.close());
  ASSERT_TRUE(here.open());
  ASSERT_TRUE(here.put("last", "1"));
  for (const auto* end : {"", "-wal"})
    std::filesystem::copy_file(folder / ("steward.db" + std::string(end)), folder / ("away.db" + std::string(end)));
  test::write_file(away, damage_in_the_middle(test::read_file(away)));
  opened left(away);
  EXPECT_THAT(text_of(left.open()), HasSubstr("damaged"));
}

TEST_F(Trouble, AWriteWaitsForAnotherProcessAndThenFailsWhileReadsGoOn) {
  auto another = test::other(file);
  another.exec("begin immediate");
  const auto put = here.put("new", "1");
  EXPECT_THAT(text_of(put), HasSubstr("locked by another process; nothing was changed; end that process's transaction and try again"));
  EXPECT_TRUE(put.error().is(std::make_error_code(std::errc::device_or_resource_busy)));
  EXPECT_THAT(*here.all(), ElementsAre(Pair("web", "1")));
  EXPECT_FALSE(here.database.trouble()) << "it can be read";
  another.exec("rollback");
  expect_well();
}

TEST_F(Trouble, AWriteGoesThroughWhenTheOtherProcessIsDoneInTime) {
  opened patient(file, 30s);
  ASSERT_TRUE(patient.open());
  auto another = test::other(file);
  another.exec("begin immediate");
  std::thread ending([&] {
    while (!here.check()) {
    }
    another.exec("commit");
  });
  EXPECT_EQ(text_of(patient.put("new", "1")), "success");
  ending.join();
}

TEST_F(Trouble, AFileThatAnotherProcessHasForItselfAloneFailsAndWorksAgain) {
  ASSERT_TRUE(here.close());
  {
    auto another = test::other(file);
    another.exec("pragma locking_mode = exclusive; begin exclusive; commit");
    EXPECT_THAT(text_of(here.open()), HasSubstr("locked by another process"));
  }
  EXPECT_EQ(text_of(here.open()), "success");
  expect_well();
}

TEST_F(Trouble, CallsBeforeOpenAndAfterCloseFail) {
  ASSERT_TRUE(here.close());
  EXPECT_THAT(text_of(here.get("web")), HasSubstr("not open; open it first"));
  EXPECT_THAT(text_of(here.put("web", "1")), HasSubstr("not open; open it first"));
  EXPECT_TRUE(here.close()) << "twice is fine";
  EXPECT_TRUE(here.open());
  EXPECT_TRUE(here.open()) << "twice is fine";
  expect_well();
}

TEST_F(Trouble, AfterACloseAnotherFileMayBeThere) {
  ASSERT_TRUE(here.close());
  std::filesystem::remove(file);
  EXPECT_EQ(text_of(here.open()), "success");
  EXPECT_THAT(*here.all(), IsEmpty());
}

}  // namespace
}  // namespace steward
