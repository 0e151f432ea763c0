// SPDX-License-Identifier: Apache-2.0
//
// What is found at the path of a database: each with one clear line, and left as it was.
#include "support.hpp"

#include <SQLiteCpp/Statement.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

namespace steward {
namespace {

using test::opened;
using test::temporary_folder;
using test::text_of;
using ::testing::HasSubstr;

class DatabaseFile : public ::testing::Test {
 protected:
  /// What opening says, without the beginning that names the file.
  static std::string open(const std::filesystem::path& file) {
    opened here(file, std::chrono::milliseconds(50));
    const auto text = text_of(here.open());
    EXPECT_THAT(text, ::testing::Not(HasSubstr("\n")));
    const auto begin = "database " + file.string() + ": ";
    if (text.starts_with(begin)) return text.substr(begin.size());
    return text;
  }

  temporary_folder folder;
  std::filesystem::path file = folder / "steward.db";
};

TEST_F(DatabaseFile, AMissingOneIsMadeForThisUserAlone) {
  EXPECT_EQ(open(file), "success");
  struct stat seen{};
  ASSERT_EQ(::stat(file.c_str(), &seen), 0);
  EXPECT_EQ(seen.st_mode & 07777, 0600U);
}

TEST_F(DatabaseFile, ItIsOneFileAfterItWasClosed) {
  {
    opened here(file);
    ASSERT_TRUE(here.open());
    ASSERT_TRUE(here.put("web", "1"));
    EXPECT_TRUE(std::filesystem::exists(folder / "steward.db-wal"));
    ASSERT_TRUE(here.close());
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), std::filesystem::directory_iterator()), 1);
}

TEST_F(DatabaseFile, APathIsNeverAnAddress) {
  std::filesystem::current_path(folder.path());
  EXPECT_EQ(open("file:x?mode=memory"), "success");
  EXPECT_TRUE(std::filesystem::exists(folder / "file:x?mode=memory"));
  EXPECT_EQ(open(":memory:"), "success");
  EXPECT_TRUE(std::filesystem::exists(folder / ":memory:"));
  std::filesystem::current_path("/");
}

TEST_F(DatabaseFile, AMissingDirectoryIsNamed) {
  EXPECT_EQ(open(folder / "no/steward.db"), "its directory does not exist; create it, or give another path");
  test::write_file(folder / "plain", "");
  EXPECT_EQ(open(folder / "plain/steward.db"), "Not a directory");
}

TEST_F(DatabaseFile, ADirectoryIsRefused) {
  std::filesystem::create_directory(file);
  EXPECT_EQ(open(file), "is a directory; give the path of a file");
}

TEST_F(DatabaseFile, WhatIsNoFileIsRefusedWithoutWaiting) {
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  EXPECT_EQ(open(file), "is not a regular file; give another path");
}

TEST_F(DatabaseFile, AnotherKindOfFileIsRefusedAndLeftAsItWas) {
  for (const auto& content : std::vector<std::string>{"[unit.web]\ncommand = [\"nginx\"]\n", "x", "SQLite format 3", std::string(100'000, 'x')}) {
    test::write_file(file, content);
    EXPECT_EQ(open(file), "not a SQLite database; give another path, or move that file away");
    EXPECT_TRUE(test::read_file(file) == content);
  }
}

TEST_F(DatabaseFile, AnotherProgramsDatabaseIsRefusedAndLeftAsItWas) {
  test::other(file).exec("create table notes (text); insert into notes values ('mine')");
  const auto before = test::read_file(file);
  EXPECT_EQ(open(file), "belongs to another program (application id 0x00000000); give another path");
  EXPECT_TRUE(test::read_file(file) == before);
  test::other(file).exec("pragma application_id = 0x0f055112");
  EXPECT_EQ(open(file), "belongs to another program (application id 0x0f055112); give another path");
}

TEST_F(DatabaseFile, ANewerSchemaIsRefusedAndLeftAsItWas) {
  ASSERT_EQ(open(file), "success");
  test::other(file).exec("pragma user_version = 7");
  const auto before = test::read_file(file);
  EXPECT_EQ(open(file), "has schema version 7, this program knows up to 3; use a newer version of this program");
  EXPECT_TRUE(test::read_file(file) == before);
}

TEST_F(DatabaseFile, AFileWithoutOurTablesIsRefused) {
  ASSERT_EQ(open(file), "success");
  test::other(file).exec("drop table steward_row");
  EXPECT_EQ(open(file), "no such table: steward_row");
}

TEST_F(DatabaseFile, ADamagedOneIsRefused) {
  ASSERT_EQ(open(file), "success");
  auto content = test::read_file(file);
  content.replace(4096, 4096, std::string(4096, '\xff'));
  test::write_file(file, content);
  EXPECT_EQ(open(file), "damaged (database disk image is malformed); restore it from a backup");
  content.resize(5000);
  test::write_file(file, content);
  EXPECT_EQ(open(file), "damaged (database disk image is malformed); restore it from a backup");
  EXPECT_TRUE(test::read_file(file) == content);
}

TEST_F(DatabaseFile, ALinkIsFollowed) {
  std::filesystem::create_symlink(folder / "real.db", file);
  EXPECT_EQ(open(file), "success");
  EXPECT_TRUE(std::filesystem::exists(folder / "real.db"));
}

/// Runs it in a child, as another user where we are root, and returns what it says.
std::string as_somebody(const std::function<std::string()>& body) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) ::_exit(1);
    const auto text = body();
    [[maybe_unused]] const auto written = ::write(ends[1], text.data(), text.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string said(4096, '\0');
  const auto count = ::read(ends[0], said.data(), said.size());
  said.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return said;
}

TEST_F(DatabaseFile, WithoutTheRightToItTheLineSaysWhichIsMissing) {
  ASSERT_EQ(open(file), "success");
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
  std::filesystem::permissions(file, std::filesystem::perms(0444));
  EXPECT_EQ(as_somebody([&] { return open(file); }), "cannot be read and written: Permission denied; give this user the right to both");
  std::filesystem::permissions(file, std::filesystem::perms(0666));
  EXPECT_EQ(as_somebody([&] { return open(file); }), "its directory cannot be written: Permission denied; SQLite keeps two more files beside it");
  EXPECT_EQ(as_somebody([&] { return open(folder / "new.db"); }),
            "its directory cannot be written: Permission denied; SQLite keeps two more files beside it");
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0700));
  EXPECT_EQ(as_somebody([&] { return open(file); }), ::geteuid() == 0 ? "Permission denied" : "its directory cannot be written: Permission denied");
}

/// A small file system of our own, where we may mount one.
class mounted {
 public:
  mounted(const std::filesystem::path& at, const char* options) : at_(at) {
    std::filesystem::create_directory(at);
    there_ = ::mount("tmpfs", at.c_str(), "tmpfs", 0, options) == 0;
  }
  ~mounted() {
    if (there_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  mounted(const mounted&) = delete;
  mounted& operator=(const mounted&) = delete;

  [[nodiscard]] bool there() const noexcept { return there_; }
  void make_read_only() const { EXPECT_EQ(::mount("tmpfs", at_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr), 0); }

 private:
  std::filesystem::path at_;
  bool there_ = false;
};

TEST_F(DatabaseFile, OnAReadOnlyFileSystemTheLineSaysSo) {
  const mounted small(folder / "small", "size=1m");
  if (!small.there()) GTEST_SKIP() << "may not mount";
  ASSERT_EQ(open(folder / "small/steward.db"), "success");
  small.make_read_only();
  EXPECT_EQ(open(folder / "small/steward.db"), "cannot be read and written: Read-only file system; give this user the right to both");
  EXPECT_EQ(open(folder / "small/new.db"), "its directory cannot be written: Read-only file system; SQLite keeps two more files beside it");
}

TEST_F(DatabaseFile, OnAFullDiskAWriteFailsAloneAndLaterOnesGoOn) {
  const mounted small(folder / "small", "size=1m");
  if (!small.there()) GTEST_SKIP() << "may not mount";
  opened here(folder / "small/steward.db");
  ASSERT_TRUE(here.open());
  ASSERT_TRUE(here.put("before", "1"));
  const auto full = here.put("large", std::string(2'000'000, 'x'));
  EXPECT_THAT(text_of(full), HasSubstr("the disk is full, or a quota is reached; nothing was stored; make room"));
  EXPECT_TRUE(full.error().is(std::make_error_code(std::errc::no_space_on_device)));
  EXPECT_EQ(here.all()->size(), 1U);
  EXPECT_EQ(text_of(here.put("after", "1")), "success");
  EXPECT_EQ(here.all()->size(), 2U);
}

TEST_F(DatabaseFile, OnAFullDiskNoneIsMade) {
  const mounted small(folder / "small", "size=16k");
  if (!small.there()) GTEST_SKIP() << "may not mount";
  EXPECT_EQ(open(folder / "small/steward.db"), "the disk is full, or a quota is reached; nothing was stored; make room");
}

}  // namespace
}  // namespace steward
