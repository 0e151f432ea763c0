// SPDX-License-Identifier: Apache-2.0
//
// What an acknowledgement is worth: over power cuts at any moment, and over every single failure of the disk.
#include "faulty_disk.hpp"
#include "support.hpp"

#include <SQLiteCpp/Statement.h>
#include <gmock/gmock.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <map>
#include <set>

namespace steward {
namespace {

using test::faulty_disk;
using test::opened;
using test::temporary_folder;
using test::text_of;
using operation = faulty_disk::operation;

/// Which keys a file holds, read past the faulty disk; it must be whole.
std::set<std::string> keys_in(const std::filesystem::path& file) {
  const SQLite::Database database(file.string(), SQLite::OPEN_READWRITE, 0, "unix");
  EXPECT_EQ(const_cast<SQLite::Database&>(database).execAndGet("pragma integrity_check").getString(), "ok");
  std::set<std::string> found;
  SQLite::Statement rows(database, "select key from steward_row");
  while (rows.executeStep()) found.insert(rows.getColumn(0).getString());
  return found;
}

int sanitized(int yes, int no) { return std::getenv("STEWARD_SANITIZED") != nullptr ? yes : no; }  // NOLINT(concurrency-mt-unsafe)

TEST(Disk, AnAcknowledgedWriteSurvivesAPowerCut) {
  const temporary_folder folder;
  std::vector<std::filesystem::path> cuts;
  std::uint64_t operations = 0;
  faulty_disk disk;
  opened here(folder / "steward.db");
  ASSERT_EQ(text_of(here.open()), "success");
  const auto every = static_cast<std::uint64_t>(sanitized(431, 43));
  disk.before([&](operation) {
    if (++operations % every == 0) {
      cuts.push_back(folder / ("cut " + std::to_string(operations)));
      disk.power_cut(cuts.back(), operations);
    }
    return SQLITE_OK;
  });

  // Enough for the log to be moved into the file more than once.
  std::size_t checked = 0;
  std::set<std::string> acknowledged;
  for (int n = 0; n < 450 && !HasFailure(); ++n) {
    const auto key = std::to_string(n);
    const bool last = n == 449;
    if (last)
      ASSERT_EQ(text_of(here.close()), "success");
    else
      ASSERT_EQ(text_of(here.put(key, std::string(20'000, 'x'))), "success");
    for (const auto& cut : cuts) {
      auto found = keys_in(cut / "steward.db");
      found.erase(key);  // being written at the cut
      EXPECT_EQ(found, acknowledged) << cut;
      std::filesystem::remove_all(cut);
      ++checked;
    }
    cuts.clear();
    acknowledged.insert(key);
  }
  disk.before({});
  std::cout << operations << " operations of the disk, " << checked << " power cuts\n";
  EXPECT_GT(checked, 10U);
}

TEST(Disk, AFileBeingMadeCanBeOpenedAfterAPowerCut) {
  const temporary_folder folder;
  std::vector<std::filesystem::path> cuts;
  {
    faulty_disk disk;
    disk.before([&](operation) {
      for (std::uint64_t seed = 0; seed < 3; ++seed) {
        cuts.push_back(folder / ("cut " + std::to_string(cuts.size())));
        disk.power_cut(cuts.back(), cuts.size());
      }
      return SQLITE_OK;
    });
    opened here(folder / "steward.db");
    ASSERT_EQ(text_of(here.open()), "success");
    disk.before({});
  }
  for (std::size_t n = 0; n < cuts.size(); n += static_cast<std::size_t>(sanitized(10, 1))) {
    opened here(cuts[n] / "steward.db");
    EXPECT_EQ(text_of(here.open()), "success") << cuts[n];
    EXPECT_EQ(text_of(here.put("web", "1")), "success") << cuts[n];
  }
  std::cout << cuts.size() << " power cuts\n";
}

struct fault {
  operation what;
  int code;
  bool lasting;  // from then on, instead of once
};

/// What a user would do, with the n-th operation of a kind failing. False: there was no n-th one.
bool survives(const fault& failing, int nth) {
  const temporary_folder folder;
  std::atomic<int> count{0};
  faulty_disk disk;
  opened here(folder / "steward.db");
  EXPECT_EQ(text_of(here.open()), "success");
  EXPECT_TRUE(here.put("before", "1"));
  disk.before([&](operation what) {
    if (what != failing.what) return SQLITE_OK;
    const int now = ++count;
    return now == nth || (failing.lasting && now > nth) ? failing.code : SQLITE_OK;
  });

  std::map<std::string, bool> acknowledged;  // false: it was told that it failed
  const auto put = [&](const std::string& key) {
    const auto done = here.put(key, std::string(3000, 'x'));
    acknowledged[key] = done.has_value();
    if (!done) {
      EXPECT_FALSE(done.error().to_string().empty());
    }
  };
  const auto read = [&](const char* when) {
    const auto all = here.all();
    if (!all) {
      EXPECT_TRUE(here.database.trouble()) << when;
      return;
    }
    EXPECT_TRUE(all->contains("before")) << when << ": nothing that cannot be read may look absent";
    for (const auto& [key, done] : acknowledged) EXPECT_TRUE(!done || all->contains(key)) << key << ' ' << when;
  };
  for (const auto* key : {"a", "b", "c"}) put(key);
  read("before closing");
  (void)here.close();
  (void)here.open();
  read("after opening");
  put("d");

  disk.before({});
  if (!here.check()) {
    EXPECT_EQ(text_of(here.open()), "success") << "the disk is well again";
  }
  EXPECT_TRUE(here.put("after", "1"));
  const auto all = here.all();
  EXPECT_EQ(text_of(all), "success");
  if (all) {
    EXPECT_TRUE(all->contains("before"));
    for (const auto& [key, done] : acknowledged) {
      EXPECT_TRUE(!done || all->contains(key)) << key << " was acknowledged";
      if (failing.code == SQLITE_FULL) {
        EXPECT_EQ(done, all->contains(key)) << key << ": \"nothing was stored\" has to be true";
      }
    }
  }
  EXPECT_TRUE(here.close());
  EXPECT_FALSE(keys_in(folder / "steward.db").empty());
  return count >= nth;
}

TEST(Disk, EverySingleFailureIsToldAndLosesNothing) {
  const std::vector<fault> faults{
      {operation::write, SQLITE_IOERR_WRITE, false}, {operation::write, SQLITE_IOERR_WRITE, true},  {operation::write, SQLITE_FULL, false},
      {operation::write, SQLITE_FULL, true},         {operation::flush, SQLITE_IOERR_FSYNC, false}, {operation::flush, SQLITE_IOERR_FSYNC, true},
      {operation::read, SQLITE_IOERR_READ, false},   {operation::read, SQLITE_IOERR_READ, true},    {operation::cut, SQLITE_IOERR_TRUNCATE, false},
      {operation::map, SQLITE_IOERR_SHMMAP, false},  {operation::map, SQLITE_IOERR_SHMMAP, true},   {operation::remove, SQLITE_IOERR_DELETE, false},
  };
  int runs = 0;
  for (const auto& each : faults) {
    SCOPED_TRACE("operation " + std::to_string(static_cast<int>(each.what)) + ", code " + std::to_string(each.code) +
                 (each.lasting ? ", lasting" : ""));
    for (int nth = 1; nth < 1000 && !HasFailure(); nth += sanitized(10, 1), ++runs) {
      SCOPED_TRACE("failure " + std::to_string(nth));
      if (!survives(each, nth)) break;
    }
  }
  std::cout << runs << " failures\n";
}

}  // namespace
}  // namespace steward
