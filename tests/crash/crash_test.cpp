// SPDX-License-Identifier: Apache-2.0
//
// Killed at any moment while it writes: no acknowledged row is lost, no edit is half done, and the database opens.
//
// `STEWARD_CRASH_ROUNDS` says how often (default 200, some seconds), `STEWARD_SEED` which choices: those of a run that failed make the same edits and
// wait as long before each kill; where in its work the writer is by then is the machine's matter.
#include "steward/sqlite/sqlite_table.hpp"
#include "steward/sync_wait.hpp"
#include "writer.hpp"

#include <SQLiteCpp/Database.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <thread>

namespace steward {
namespace {

using test::expected_state;
using test::said;

/// In memory where there is such a place: a kill does not ask the disk.
std::filesystem::path make_folder() {
  const std::filesystem::path memory = "/dev/shm";
  std::string pattern = ((::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path()) / "steward_crash_XXXXXX").string();
  return ::mkdtemp(pattern.data()) != nullptr ? pattern : "";
}

/// The writer as a process of its own, with what it has said so far.
class writer {
 public:
  writer(const std::filesystem::path& file, std::uint64_t seed) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    ::fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::array<std::string, 4> words{"/proc/self/exe", "--write", file.string(), std::to_string(seed)};
    std::array<char*, 5> pointers{words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
    EXPECT_EQ(::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, pointers.data(), environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    output_ = ends[0];
  }
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;
  ~writer() { ::close(output_); }

  /// Reads until it has said so many lines.
  void wait_for(std::size_t lines) {
    while (lines_.size() < lines && read_some()) {
    }
  }

  void kill() {
    ::kill(pid_, SIGKILL);
    while (read_some()) {
    }
    int status = 0;
    ::waitpid(pid_, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself with status " << status;
  }

  [[nodiscard]] const std::vector<std::string>& lines() const noexcept { return lines_; }

 private:
  bool read_some() {
    std::array<char, 65536> bytes{};
    const auto count = ::read(output_, bytes.data(), bytes.size());
    if (count <= 0) return false;
    rest_.append(bytes.data(), static_cast<std::size_t>(count));
    for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n')) {
      lines_.push_back(rest_.substr(0, end));
      rest_.erase(0, end + 1);
    }
    return true;
  }

  pid_t pid_ = 0;
  int output_ = -1;
  std::string rest_;
  std::vector<std::string> lines_;
};

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

/// A number from the environment, or else this one.
std::uint64_t given(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

int rounds() { return static_cast<int>(given("STEWARD_CRASH_ROUNDS", given("STEWARD_SANITIZED", 0) != 0 ? 20 : 200)); }

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
    writer killed(file, seed % 1'000'000'000 + static_cast<std::uint64_t>(round));
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
