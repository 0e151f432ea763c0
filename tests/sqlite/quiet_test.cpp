// SPDX-License-Identifier: Apache-2.0
//
// What a database keeps in memory while nobody uses it.
#include "support.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

namespace steward {
namespace {

using namespace std::chrono_literals;

class QuietDatabase : public ::testing::Test {
 protected:
  QuietDatabase() {
    EXPECT_TRUE(sync_wait([this](context& ctx) { return database.open(ctx); }));
  }
  ~QuietDatabase() override {
    EXPECT_TRUE(sync_wait([this](context& ctx) { return database.close(ctx); }));
  }

  [[nodiscard]] sqlite_options options() {
    sqlite_options given;
    given.on_quiet = [this] { ++rests; };
    return given;
  }

  void write_a_megabyte() {
    table_edit<std::string, std::string> edit;
    for (int n = 0; n < 1000; ++n) edit.put("row " + std::to_string(n), std::string(1000, 'x'));
    ASSERT_TRUE(sync_wait([&](context& ctx) { return rows.edit(ctx, std::move(edit)); }));
  }

  [[nodiscard]] std::size_t read_all() {
    const auto all = sync_wait([this](context& ctx) { return test::content(ctx, rows); });
    return all ? all->size() : 0;
  }

  /// Whether it becomes true while nobody uses the database.
  template <class Condition>
  [[nodiscard]] static bool comes_true(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(10ms);
    return condition();
  }

  std::atomic<int> rests{0};
  test::temporary_folder folder;
  sqlite_database database{folder / "db", options()};
  test::text_table rows{database, "rows"};
};

TEST_F(QuietDatabase, GivesBackTheMemoryOfItsPages) {
  write_a_megabyte();
  EXPECT_EQ(read_all(), 1000U);
  const auto in_use = sqlite3_memory_used();
  ASSERT_GT(in_use, 1'000'000);
  EXPECT_TRUE(comes_true([&] { return sqlite3_memory_used() < in_use / 2; })) << sqlite3_memory_used() << " of " << in_use;
  EXPECT_EQ(read_all(), 1000U);
}

TEST_F(QuietDatabase, TellsItOnceForEachOfItsThreadsAndSleeps) {
  write_a_megabyte();
  EXPECT_EQ(read_all(), 1000U);
  EXPECT_TRUE(comes_true([&] { return rests >= 2; }));
  std::this_thread::sleep_for(1200ms);  // twice the pause after which it rests
  const int told = rests;
  std::this_thread::sleep_for(1200ms);
  EXPECT_EQ(rests, told);
}

}  // namespace
}  // namespace steward
