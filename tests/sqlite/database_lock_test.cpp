// SPDX-License-Identifier: Apache-2.0
#include "steward/sqlite/database_lock.hpp"

#include "support.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <vector>

namespace steward {
namespace {

using test::temporary_folder;
using test::text_of;
using ::testing::HasSubstr;

TEST(DatabaseLock, ASecondOneIsToldWhoHasIt) {
  const temporary_folder folder;
  const auto database = folder / "steward.db";
  const auto first = database_lock::acquire(database);
  ASSERT_EQ(text_of(first), "success");
  const auto second = database_lock::acquire(database);
  EXPECT_EQ(text_of(second), "database " + database.string() + ": in use by process " + std::to_string(::getpid()) + ", which holds " +
                                 database.string() + ".lock; stop it, or use another database");
  EXPECT_TRUE(second.error().is(std::make_error_code(std::errc::device_or_resource_busy)));
}

TEST(DatabaseLock, ItIsFreeAgainWhenItIsGivenBack) {
  const temporary_folder folder;
  {
    const auto first = database_lock::acquire(folder / "steward.db");
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "steward.db.lock"));
  EXPECT_EQ(text_of(database_lock::acquire(folder / "steward.db")), "success");
}

TEST(DatabaseLock, MovingItKeepsIt) {
  const temporary_folder folder;
  auto first = database_lock::acquire(folder / "steward.db");
  const database_lock moved(std::move(*first));
  EXPECT_FALSE(database_lock::acquire(folder / "steward.db"));
}

TEST(DatabaseLock, ADatabaseHasOneLockWhateverItIsCalled) {
  const temporary_folder folder;
  test::write_file(folder / "steward.db", "");
  std::filesystem::create_symlink(folder / "steward.db", folder / "link.db");
  const auto first = database_lock::acquire(folder / "link.db");
  ASSERT_EQ(text_of(first), "success");
  EXPECT_FALSE(database_lock::acquire(folder / "steward.db"));
  EXPECT_FALSE(database_lock::acquire(folder / "./sub/../steward.db"));
}

TEST(DatabaseLock, AHardLinkIsRefusedUnderEachOfItsNames) {
  const temporary_folder folder;
  test::write_file(folder / "steward.db", "");
  std::filesystem::create_directory(folder / "sub");
  std::filesystem::create_hard_link(folder / "steward.db", folder / "sub/other.db");
  std::filesystem::create_symlink(folder / "sub/other.db", folder / "link.db");
  for (const auto* name : {"steward.db", "sub/other.db", "link.db"}) {
    const auto lock = database_lock::acquire(folder / name);
    EXPECT_EQ(text_of(lock),
              "database " + (folder / name).string() +
                  ": has 2 names (hard links), and SQLite would take them for different databases; remove all names but one, or use a copy");
    EXPECT_FALSE(std::filesystem::exists((folder / name).string() + ".lock")) << "nothing is left behind";
  }
  std::filesystem::remove(folder / "steward.db");
  EXPECT_EQ(text_of(database_lock::acquire(folder / "sub/other.db")), "success");
}

TEST(DatabaseLock, SoIsOneThatIsLinkedWhileItIsInUse) {
  const temporary_folder folder;
  const auto first = database_lock::acquire(folder / "steward.db");
  ASSERT_EQ(text_of(first), "success");
  std::filesystem::create_hard_link(folder / "steward.db", folder / "other.db");
  EXPECT_THAT(text_of(database_lock::acquire(folder / "other.db")), HasSubstr("hard links"));
}

TEST(DatabaseLock, HoldsAlsoWhenItsLockFileIsRemoved) {
  const temporary_folder folder;
  const auto first = database_lock::acquire(folder / "steward.db");
  ASSERT_EQ(text_of(first), "success");
  std::filesystem::remove(folder / "steward.db.lock");
  const auto second = database_lock::acquire(folder / "steward.db");
  EXPECT_EQ(text_of(second),
            "database " + (folder / "steward.db").string() +
                ": in use by another process, which has it under another name or without its lock file; stop it, or use another database");
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().is(std::make_error_code(std::errc::device_or_resource_busy)));
  EXPECT_FALSE(std::filesystem::exists(folder / "steward.db.lock")) << "who does not get it leaves nothing behind";
}

TEST(DatabaseLock, ItIsNotInTheWayOfTheDatabase) {
  const temporary_folder folder;
  const auto lock = database_lock::acquire(folder / "steward.db");
  ASSERT_EQ(text_of(lock), "success");
  {
    test::opened here(folder / "steward.db");
    ASSERT_EQ(text_of(here.open()), "success");
    EXPECT_EQ(text_of(here.put("web", "1")), "success");
    EXPECT_EQ(test::other(folder / "steward.db").execAndGet("select count(*) from steward_row").getInt(), 1);
    EXPECT_EQ(text_of(here.close()), "success");
  }
  EXPECT_EQ(std::filesystem::file_size(folder / "steward.db.lock"), std::to_string(::getpid()).size() + 1);
}

TEST(DatabaseLock, GivenBackUnusedItLeavesNothingAndUsedItLeavesTheDatabase) {
  const temporary_folder folder;
  {
    const auto unused = database_lock::acquire(folder / "steward.db");
    ASSERT_EQ(text_of(unused), "success");
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  test::write_file(folder / "empty.db", "");
  {
    const auto found = database_lock::acquire(folder / "empty.db");
    const auto used = database_lock::acquire(folder / "used.db");
    test::opened here(folder / "used.db");
    ASSERT_EQ(text_of(here.open()), "success");
  }
  EXPECT_TRUE(std::filesystem::exists(folder / "empty.db")) << "it was there before";
  EXPECT_GT(std::filesystem::file_size(folder / "used.db"), 0U);
}

TEST(DatabaseLock, WhatCanBeNoDatabaseIsRefusedWithNothingLeftBesideIt) {
  const temporary_folder folder;
  EXPECT_EQ(text_of(database_lock::acquire("/dev/null")), "database /dev/null: is not a regular file; give another path");
  EXPECT_FALSE(std::filesystem::exists("/dev/null.lock"));
  std::filesystem::create_directory(folder / "sub");
  EXPECT_EQ(text_of(database_lock::acquire(folder / "sub")), "database " + (folder / "sub").string() + ": is a directory; give the path of a file");
  test::write_file(folder / "notes", "mine");
  EXPECT_THAT(text_of(database_lock::acquire(folder / "notes")), HasSubstr("not a SQLite database"));
  for (const auto* name : {"sub.lock", "notes.lock"}) EXPECT_FALSE(std::filesystem::exists(folder / name)) << name;
}

TEST(DatabaseLock, AChildDoesNotInheritIt) {
  const temporary_folder folder;
  pid_t child = 0;
  {
    const auto lock = database_lock::acquire(folder / "steward.db");
    ASSERT_TRUE(lock);
    std::string name = "sleep";
    std::string time = "60";
    std::array<char*, 3> words{name.data(), time.data(), nullptr};
    ASSERT_EQ(::posix_spawnp(&child, "sleep", nullptr, nullptr, words.data(), environ), 0);
  }
  EXPECT_EQ(text_of(database_lock::acquire(folder / "steward.db")), "success");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST(DatabaseLock, TheEndOfItsHolderFreesIt) {
  const temporary_folder folder;
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = database_lock::acquire(folder / "steward.db");
    [[maybe_unused]] const auto told = ::write(ends[1], "x", 1);
    ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ends[0], &byte, 1), 1);
  EXPECT_THAT(text_of(database_lock::acquire(folder / "steward.db")), HasSubstr("in use by process " + std::to_string(child) + ","));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(text_of(database_lock::acquire(folder / "steward.db")), "success") << "an old number in the file keeps nobody out";
  for (const int end : ends) ::close(end);
}

// What a daemon leaves that is killed while it starts another program: a child that has its files until it executes that.
TEST(DatabaseLock, AChildThatHasInheritedItIsWaitedForWhenItsHolderIsOver) {
  const temporary_folder folder;
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const pid_t holder = ::fork();
  if (holder == 0) {
    const auto lock = database_lock::acquire(folder / "steward.db");
    if (::fork() != 0) {
      [[maybe_unused]] const auto told = ::write(ends[1], "x", 1);
      ::pause();
    }
    ::usleep(300'000);
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ends[0], &byte, 1), 1);
  ::kill(holder, SIGKILL);
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(holder), &ended, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(text_of(database_lock::acquire(folder / "steward.db")), "success") << "of a holder that nobody has waited for yet";
  ::waitpid(holder, nullptr, 0);
  for (const int end : ends) ::close(end);
}

TEST(DatabaseLock, ItIsNotWaitedForLongWhereverItsHolderIs) {
  const temporary_folder folder;
  const auto lock = database_lock::acquire(folder / "steward.db");
  ASSERT_EQ(text_of(lock), "success");
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ::waitpid(gone, nullptr, 0);
  test::write_file(folder / "steward.db.lock", std::to_string(gone) + "\n");
  EXPECT_THAT(text_of(database_lock::acquire(folder / "steward.db")), HasSubstr("in use by process " + std::to_string(gone) + ","));
}

TEST(DatabaseLock, ALockFileThatIsDeletedLetsNobodyIn) {
  const temporary_folder folder;
  auto first = std::make_optional(database_lock::acquire(folder / "steward.db"));
  std::filesystem::remove(folder / "steward.db.lock");
  EXPECT_THAT(text_of(database_lock::acquire(folder / "steward.db")), HasSubstr("in use")) << "the database itself is locked still";
  first.reset();
  EXPECT_EQ(text_of(database_lock::acquire(folder / "steward.db")), "success");
}

TEST(DatabaseLock, AForeignFileInItsPlaceIsRefusedAndLeftAsItWas) {
  const temporary_folder folder;
  const auto lock = folder / "steward.db.lock";
  for (const auto& content : std::vector<std::string>{"my notes", "12 34\n", "123456789012\n", "-1\n", "\n\n"}) {
    test::write_file(lock, content);
    EXPECT_EQ(text_of(database_lock::acquire(folder / "steward.db")),
              "lock " + lock.string() + ": holds something else than a process id, so it is no lock file; move it away");
    EXPECT_EQ(test::read_file(lock), content);
  }
  std::filesystem::remove(lock);
  ASSERT_EQ(::mkfifo(lock.c_str(), 0600), 0);
  EXPECT_THAT(text_of(database_lock::acquire(folder / "steward.db")), HasSubstr("no lock file"));
  std::filesystem::remove(lock);
  test::write_file(folder / "precious", "");
  std::filesystem::create_symlink(folder / "precious", lock);
  EXPECT_THAT(text_of(database_lock::acquire(folder / "steward.db")), HasSubstr("cannot be opened: Too many levels of symbolic links"));
}

TEST(DatabaseLock, AMissingDirectoryIsSaid) {
  const temporary_folder folder;
  EXPECT_EQ(text_of(database_lock::acquire(folder / "no/steward.db")),
            "database " + (folder / "no/steward.db").string() + ": its directory does not exist; create it, or give another path");
}

}  // namespace
}  // namespace steward
