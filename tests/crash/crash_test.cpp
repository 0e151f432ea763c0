// SPDX-License-Identifier: Apache-2.0
//
// Killed at any moment while it writes: no acknowledged row is lost, no edit is half done, and the database opens.
//
// `STEWARD_CRASH_ROUNDS` says how often (default 200, some seconds), `STEWARD_SEED` which choices: those of a run that failed make the same edits and
// wait as long before each kill; where in its work the writer is by then is the machine's matter.
#include "steward/sqlite/sqlite_table.hpp"
#include "steward/sync_wait.hpp"
#include "victim.hpp"
#include "writer.hpp"

#include <SQLiteCpp/Database.h>
#include <gmock/gmock.h>

#include <chrono>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <thread>

namespace steward {
namespace {

using test::expected_state;
using test::given;
using test::make_folder;
using test::rounds;
using test::said;
using test::victim;

using states = std::map<std::string, expected_state>;

/// What a database holds, in the form that the writer tells it.
states read_all(const std::filesystem::path& file) {
  states found;
  sqlite_database database(file);
  sqlite_table<std::string, std::string> rows(database, "rows");
  const auto done = sync_wait([&](context& ctx) -> task<> {
    co_await or_return(database.open(ctx));
    auto at = rows.iterate();
    while (co_await at.next(ctx)) {
      auto& entry = **at.get();
      const auto content = co_await or_return(std::move(entry.content));
      found[entry.key] = content.value->substr(0, content.value->find(' ')) + ":" + std::string(to_string(content.wanted));
    }
    if (at.err()) co_return *at.err();
    co_return co_await database.close(ctx);
  });
  EXPECT_TRUE(done.has_value()) << done.error().to_string();
  return found;
}

struct totals {
  int acknowledged = 0;
  int pending_stored = 0;
  int pending_lost = 0;
};

bool holds(const states& found, const std::string& key, const expected_state& state) {
  const auto at = found.find(key);
  return state.empty() ? at == found.end() : at != found.end() && at->second == state;
}

/// Checks what is found against what was there before and what the writer said since.
void check(const states& before, const std::vector<std::string>& lines, const states& found, totals& sum) {
  states expected = before;
  std::map<std::uint64_t, said> pending;
  const auto apply = [&expected](const said& edit) {
    for (const auto& change : edit.changes)
      if (change.state.empty())
        expected.erase(change.key);
      else
        expected[change.key] = change.state;
  };
  for (const auto& line : lines) {
    auto heard = test::parse(line);
    ASSERT_NE(heard.what, said::what::failed) << line;
    if (heard.what == said::what::will) pending[heard.id] = std::move(heard);
    if (heard.what != said::what::done) continue;
    apply(pending.at(heard.id));
    pending.erase(heard.id);
    ++sum.acknowledged;
  }
  // Whatever had begun may be there or not, but each as a whole.
  for (const auto& [id, edit] : pending) {
    bool all = true;
    for (const auto& change : edit.changes) all = all && holds(found, change.key, change.state);
    if (all) apply(edit);
    ++(all ? sum.pending_stored : sum.pending_lost);
  }
  EXPECT_EQ(found, expected);
}

TEST(Crash, AWriterThatIsKilledLosesNothingThatWasAcknowledged) {
  const auto folder = make_folder();
  const auto file = folder / "steward.db";
  const auto seed = given("STEWARD_SEED", std::random_device()());
  std::cout << "STEWARD_SEED=" << seed << '\n' << std::flush;
  std::mt19937_64 random(seed);
  totals sum;
  states before;
  for (int round = 0; round < rounds() && !HasFailure(); ++round) {
    SCOPED_TRACE("STEWARD_SEED=" + std::to_string(seed) + ", round " + std::to_string(round) + " in " + file.string());
    if (round % 10 == 0) {
      for (const auto* end : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + end);
      before.clear();
    }
    victim killed("--write", file, seed % 1'000'000'000 + static_cast<std::uint64_t>(round));
    // Some while it is still opening or making the file, the others after so many lines and a moment more.
    if (round % 10 < 3)
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
    else
      killed.wait_for(random() % 300);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 3'000));
    killed.kill();

    auto found = read_all(file);
    check(before, killed.lines(), found, sum);
    EXPECT_EQ(SQLite::Database(file.string()).execAndGet("pragma integrity_check").getString(), "ok");
    before = std::move(found);
  }
  std::cout << rounds() << " kills, " << sum.acknowledged << " edits acknowledged, " << sum.pending_stored << " others stored and "
            << sum.pending_lost << " not\n";
  EXPECT_GT(sum.acknowledged, rounds());
  EXPECT_GT(sum.pending_lost, 0) << "nobody was killed while writing";
  if (!HasFailure()) std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace steward
