// SPDX-License-Identifier: Apache-2.0
#include "database_path.hpp"

#include "fake_daemon.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace steward {
namespace {

using testing::temporary_folder;

TEST(FileBehind, AFileIsItself) {
  const temporary_folder folder;
  const auto file = folder / "s.db";
  EXPECT_EQ(file_behind(file), file) << "it need not be there";
  std::ofstream(file).put('x');
  EXPECT_EQ(file_behind(file), file);
  EXPECT_EQ(file_behind("./s.db"), "./s.db");
}

TEST(FileBehind, ALinkIsFollowedToItsEndAlsoWhereThereIsNoFileYet) {
  const temporary_folder folder;
  std::filesystem::create_directory(folder / "data");
  std::filesystem::create_symlink(folder / "data/s.db", folder / "whole.db");
  std::filesystem::create_symlink("whole.db", folder / "twice.db");
  std::filesystem::create_symlink("../data/s.db", folder / "data/relative.db");
  const auto file = folder / "data/s.db";
  EXPECT_EQ(file_behind(folder / "whole.db"), file);
  EXPECT_EQ(file_behind(folder / "twice.db"), file);
  std::ofstream(file).put('x');
  EXPECT_TRUE(std::filesystem::equivalent(file_behind(folder / "data/relative.db"), file));
  EXPECT_EQ(file_behind(folder / "twice.db"), file);
}

TEST(FileBehind, AFolderOnTheWayMayBeALink) {
  const temporary_folder folder;
  std::filesystem::create_directory(folder / "data");
  std::filesystem::create_symlink("data", folder / "d");
  const auto file = folder / "d/s.db";
  EXPECT_EQ(file_behind(file), file);
}

TEST(FileBehind, LinksThatLeadRoundInACircleStayAsTheyAre) {
  const temporary_folder folder;
  const auto file = folder / "s.db";
  std::filesystem::create_symlink("s.db", file);
  EXPECT_EQ(file_behind(file), file);
}

TEST(DatabasePath, HasRoomForTheKeepersSocketBesideIt) {
  const std::string longest = "/" + std::string(99, 'x');
  EXPECT_TRUE(check_database_path(longest));
  const auto refused = check_database_path(longest + "x");
  ASSERT_FALSE(refused);
  EXPECT_EQ(
      refused.error().to_string(),
      "the database's path " + longest +
          "x has 101 bytes, and with the keeper's socket beside it at most 100 are possible; choose a shorter one with --db, such as one by a link "
          "to its folder");
  EXPECT_FALSE(check_database_path(std::string(100, 'x'))) << "from the root on";
}

}  // namespace
}  // namespace steward
