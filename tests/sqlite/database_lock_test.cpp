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
  EXPECT_EQ(test::read_file(folder / "steward.db.lock"), "");
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

TEST(DatabaseLock, ALockFileThatIsDeletedKeepsNobodyOut) {
  const temporary_folder folder;
  const auto first = database_lock::acquire(folder / "steward.db");
  std::filesystem::remove(folder / "steward.db.lock");
  EXPECT_TRUE(database_lock::acquire(folder / "steward.db")) << "nothing can be known of a lock on a file that is gone";
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
            "lock " + (folder / "no/steward.db.lock").string() + ": cannot be opened: No such file or directory");
}

}  // namespace
}  // namespace steward
