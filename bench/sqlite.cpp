// SPDX-License-Identifier: Apache-2.0
//
// A table in a SQLite file: what an acknowledged write costs, alone and with others, and a read, alone and beside a writer.
//
//   ./dev bench sqlite -- --rounds 5 --rows 100000     ten seconds; 1,000,000 rows take a minute
#include "common/machine.hpp"
#include "common/report.hpp"
#include "steward/sqlite/sqlite_table.hpp"
#include "steward/sync_wait.hpp"
#include "steward/testing/background.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace steward;
using bench::expect;
using clock_type = std::chrono::steady_clock;
using text_table = sqlite_table<std::string, std::string>;

/// About as long as the row of a unit.
std::string value_of(int number) {
  return R"({"command":["sleep","infinity"],"number":)" + std::to_string(number) + "," + std::string(80, ' ') + "}";
}

std::string key_of(int number) { return "unit-" + std::to_string(number); }

/// An open database with so many rows.
class filled {
 public:
  explicit filled(int count) : count_(count) {
    expect(call([this](context& ctx) { return database_.open(ctx); }), "the database opens");
    fill_seconds_ = bench::seconds([this] { expect(call([this](context& ctx) { return fill(ctx); }), "the rows are written"); });
  }
  filled(const filled&) = delete;
  filled& operator=(const filled&) = delete;
  ~filled() {
    (void)sync_wait([this](context& ctx) { return database_.close(ctx); });
  }

  [[nodiscard]] double rows_a_second_when_filled() const { return count_ / fill_seconds_; }

  /// Writes of one caller, each awaited before the next.
  double writes_alone() {
    constexpr int writes = 200;
    const double taken = bench::seconds([this] { expect(call([this](context& ctx) { return put_some(ctx, 0, writes); }), "the writes succeed"); });
    return writes / taken;
  }

  /// The same of many callers at a time.
  double writes_together() {
    constexpr int callers = 256;
    constexpr int writes = 20;
    const auto all = [this](context& ctx) -> task<> {
      std::vector<std::unique_ptr<testing::background<void>>> running;
      for (int i = 0; i < callers; ++i)
        running.push_back(std::make_unique<testing::background<void>>(ctx.scheduler(), put_some(ctx, i * writes, writes)));
      for (auto& each : running) {
        co_await *each;
        expect(each->outcome().has_value(), "the writes succeed");
      }
      co_return {};
    };
    const double taken = bench::seconds([&] { expect(call(all), "all callers end"); });
    return callers * writes / taken;
  }

  /// Reads of random rows, sorted by the microseconds that each took. Shape: `beside` another that writes without a pause.
  std::vector<double> gets(bool beside) {
    constexpr int reads = 5'000;
    std::vector<double> all;
    const auto body = [&](context& ctx) -> task<> {
      context writing(ctx);
      testing::background<void> writer(ctx.scheduler(), put_until_stopped(writing));
      if (!beside) writing.stop();
      unsigned random = 1;
      for (int i = 0; i < reads; ++i) {
        random = random * 1664525 + 1013904223;
        const auto key = key_of(static_cast<int>((random >> 4U) % static_cast<unsigned>(count_)));
        const auto begun = clock_type::now();
        const auto got = co_await rows_.get(ctx, key);
        all.push_back(std::chrono::duration<double, std::micro>(clock_type::now() - begun).count());
        expect(got.has_value(), "every row is there");
      }
      writing.stop();
      co_await writer;
      co_return {};
    };
    expect(call(body), "the reads end");
    std::ranges::sort(all);
    return all;
  }

  /// Seconds to see every row once.
  double iterate() {
    int seen = 0;
    const auto body = [&](context& ctx) -> task<> {
      auto at = rows_.iterate();
      while (co_await at.next(ctx)) ++seen;
      if (at.err()) co_return *at.err();
      co_return {};
    };
    const double taken = bench::seconds([&] { expect(call(body), "the iteration ends well"); });
    expect(seen == count_, "every row was seen");
    return taken;
  }

  /// Seconds until a copy is open that was taken while this one was in use, as after a kill.
  double open_after_a_kill() {
    expect(call([this](context& ctx) { return put_some(ctx, 0, 1); }), "the log is not empty");
    const auto copy = bench::tidy_process::folder() / "copy.db";
    const auto all = std::filesystem::copy_options::overwrite_existing;
    for (const auto* end : {"", "-wal"}) std::filesystem::copy_file(file().string() + end, copy.string() + end, all);
    sqlite_database left(copy);
    const double taken = bench::seconds([&] { expect(call([&](context& ctx) { return left.open(ctx); }), "the copy opens"); });
    expect(call([&](context& ctx) { return left.close(ctx); }), "the copy closes");
    return taken;
  }

  [[nodiscard]] double bytes_a_row() const { return static_cast<double>(std::filesystem::file_size(file())) / count_; }

 private:
  static std::filesystem::path file() { return bench::tidy_process::folder() / "table.db"; }

  template <class Body>
  static bool call(const Body& body) {
    return sync_wait(body).has_value();
  }

  task<> fill(context& ctx) {
    constexpr int in_an_edit = 1'000;
    for (int at = 0; at < count_; at += in_an_edit) {
      table_edit<std::string, std::string> edit;
      for (int i = at; i < std::min(at + in_an_edit, count_); ++i) edit.put(key_of(i), value_of(i));
      co_await or_return(rows_.edit(ctx, std::move(edit)));
    }
    co_return {};
  }

  task<> put_some(context& ctx, int from, int count) {
    for (int i = 0; i < count; ++i) co_await or_return(rows_.put(ctx, key_of((from + i) % count_), value_of(++next_)));
    co_return {};
  }

  task<> put_until_stopped(context& ctx) {
    while (!ctx.is_stopped()) co_await or_return(put_some(ctx, 0, 1));
    co_return {};
  }

  int count_;
  int next_ = 1'000'000'000;
  double fill_seconds_ = 0;
  sqlite_database database_{file()};
  text_table rows_{database_, "units"};
};

int rows_in(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; ++i)
    if (std::string_view(argv[i]) == "--rows") return std::atoi(argv[i + 1]);
  return 100'000;
}

}  // namespace

int main(int argc, char** argv) {
  const bench::tidy_process tidy;
  bench::report out(bench::rounds_in(argc, argv, 5));
  const int count = rows_in(argc, argv);
  expect(count > 0, "there is at least one row (--rows N)");
  filled table(count);
  const std::string rows = std::to_string(count) + " rows";
  std::vector<double> alone;
  std::vector<double> beside;
  const auto at = [](const std::vector<double>& sorted, double quantile) {
    return sorted[static_cast<std::size_t>(quantile * static_cast<double>(sorted.size() - 1))];
  };
  out.take({{"acknowledged writes, one caller", "1/s", 0, [&] { return table.writes_alone(); }}});
  out.take({{"acknowledged writes, 256 callers", "1/s", 0, [&] { return table.writes_together(); }}});
  out.take({{rows + " written in edits of 1,000, a row", "1/s", 0, [&] { return table.rows_a_second_when_filled(); }}});
  out.take({
      {"get, " + rows + ", median", "us", 0, [&] { return (alone = table.gets(false)), at(alone, 0.5); }},
      {"get, " + rows + ", p99", "us", 0, [&] { return at(alone, 0.99); }},
      {"get beside a writer, median", "us", 0, [&] { return (beside = table.gets(true)), at(beside, 0.5); }},
      {"get beside a writer, p99", "us", 0, [&] { return at(beside, 0.99); }},
  });
  out.take({{"iterate " + rows, "s", 0, [&] { return table.iterate(); }}});
  out.take({{"open " + rows + " after a kill, with the check", "s", 0, [&] { return table.open_after_a_kill(); }}});
  out.take({{"the file, a row", "bytes", 0, [&] { return table.bytes_a_row(); }}});
}
