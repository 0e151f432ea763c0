// SPDX-License-Identifier: Apache-2.0
//
// Operating system programs: what `steward run` costs beside the least that the system allows, with the steps between them measured too. The floor
// has no output, no readiness, no stop deadline, no table and no policy; nobody would run a service on it.
//
//   ./dev bench programs -- --rounds 3           everything, about a minute a round
//   ./dev bench programs -- restart --rounds 5   one part (start, restart or log)
#include "common/machine.hpp"
#include "common/report.hpp"
#include "common/small_supervisors.hpp"
#include "steward/program/keeper.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace steward;
using bench::expect;
using bench::figure;
using clock_type = std::chrono::steady_clock;

constexpr int thousand = 1'000;

double since(clock_type::time_point begin) { return std::chrono::duration<double>(clock_type::now() - begin).count(); }

std::filesystem::path steward_binary() {
  if (const char* const given = std::getenv("STEWARD_BINARY")) return given;  // NOLINT(concurrency-mt-unsafe): nothing here sets the environment
  return std::filesystem::path(bench::own_executable()).parent_path().parent_path() / "apps/steward/steward";
}

/// A GET at a Unix socket; empty while nobody answers.
std::string ask(const std::string& socket, const std::string& target) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
  std::string answer;
  const std::string request = "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::write(fd, request.data(), request.size()) == static_cast<ssize_t>(request.size())) {
    std::vector<char> buffer(std::size_t{1} << 20U);
    for (ssize_t got = 0; (got = ::read(fd, buffer.data(), buffer.size())) > 0;) answer.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(fd);
  return answer;
}

int running_units(const std::string& socket) {
  constexpr std::string_view mark = R"("state":"running")";
  const std::string answer = ask(socket, "/v1/status");
  int count = 0;
  for (auto at = answer.find(mark); at != std::string::npos; at = answer.find(mark, at + 1)) ++count;
  return count;
}

/// One of those that are compared, with all its programs running.
class supervisor {
 public:
  /// Shape: `kind` is one of `kinds`.
  supervisor(const std::string& kind, int count) : folder_(bench::tidy_process::folder() / kind), count_(count), daemon_(kind == "steward") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    if (daemon_)
      run_daemon();
    else
      run_small(kind);
  }

  [[nodiscard]] double start() const { return start_; }

  /// Ends everything. Seconds that it took.
  [[nodiscard]] double stop() const {
    const auto begun = clock_type::now();
    bench::stop_all(who_);
    return since(begun);
  }

  [[nodiscard]] double bytes() const { return bench::proportional_bytes(processes()); }
  [[nodiscard]] double cpu() const { return bench::cpu_seconds(processes()); }
  [[nodiscard]] std::vector<pid_t> programs() const { return bench::children_of(holder_ != 0 ? holder_ : who_.pid); }

 private:
  [[nodiscard]] std::string socket() const { return (folder_ / (daemon_ ? "steward.db.sock" : "keeper.sock")).string(); }
  [[nodiscard]] std::vector<pid_t> processes() const { return holder_ != 0 ? std::vector<pid_t>{who_.pid, holder_} : std::vector<pid_t>{who_.pid}; }

  void run_small(const std::string& kind) {
    const auto begun = clock_type::now();
    const auto file = kind == "sqlite" ? (folder_ / "table.db").string() : socket();
    who_ = bench::start({bench::own_executable(), kind, std::to_string(count_), file});
    bench::wait_ready(who_);
    start_ = since(begun);
    if (kind == "keeper") holder_ = bench::child_named("steward-keeper");
  }

  void run_daemon() {
    std::ofstream units(folder_ / "units.toml");
    for (int i = 0; i < count_; ++i) units << "[unit.u" << i << "]\ncommand = [\"/bin/sleep\", \"infinity\"]\n";
    units.close();
    const auto begun = clock_type::now();
    who_ = bench::start({steward_binary().string(), "run", "--db", (folder_ / "steward.db").string(), "--apply", (folder_ / "units.toml").string()},
                        folder_ / "output");
    // Its answers cost it time, so it is asked only once everything has been started.
    const auto enough = static_cast<std::size_t>(count_);
    bench::wait_until([this] { return (holder_ = bench::child_named("steward-keeper")) != 0; }, "there is a keeper");
    bench::wait_until([&] { return std::this_thread::sleep_for(std::chrono::milliseconds(10)), programs().size() >= enough; }, "all were started");
    bench::wait_until([this] { return running_units(socket()) == count_; }, "all units run");
    start_ = since(begun);
  }

  std::filesystem::path folder_;
  int count_;
  bool daemon_;
  bench::started who_;
  pid_t holder_ = 0;  // the keeper
  double start_ = 0;
};

/// The floor, the same with pipes, the library, the library with a manager over a table in memory and over one in SQLite, the library with a keeper,
/// and the daemon.
const std::vector<std::string> kinds{"floor", "pipes", "local", "memory", "sqlite", "keeper", "steward"};

std::string row(const std::string& what, const std::string& kind) {
  const std::string ending = kind == "memory" ? "table in memory" : kind == "sqlite" ? "table in SQLite" : kind == "steward" ? "steward run" : kind;
  return what + ": " + ending;
}

/// What one life of a supervisor with a thousand programs showed.
struct life {
  double start = 0;
  double stop = 0;
  double bytes = 0;
  double idle = 0;
};

life live(const std::string& kind) {
  const supervisor one(kind, thousand);
  life seen;
  seen.start = one.start();
  std::this_thread::sleep_for(std::chrono::seconds(2));  // what it still has to write down
  seen.bytes = one.bytes();
  if (kind == "steward") {
    const double before = one.cpu();
    std::this_thread::sleep_for(std::chrono::seconds(10));
    seen.idle = one.cpu() - before;
  }
  seen.stop = one.stop();
  return seen;
}

/// Rows of a step of the way: what it adds to the one before it.
void add_steps(std::vector<figure>& rows, const std::string& what, std::map<std::string, life>& lives, double life::* of) {
  const auto step = [&](const std::string& name, const char* from, const char* to) {
    rows.push_back({what + ", cost of " + name, "s", 0, [&lives, of, from, to] { return lives[to].*of - lives[from].*of; }});
  };
  step("the pipes", "floor", "pipes");
  step("the library", "pipes", "local");
  step("the manager", "local", "memory");
  step("the durable table", "memory", "sqlite");
  step("the keeper", "local", "keeper");
  step("manager, table and the rest", "keeper", "steward");
}

void report_starts(bench::report& out) {
  std::map<std::string, life> lives;
  std::vector<figure> rows;
  for (const std::string& kind : kinds) {
    figure start{row("1,000 programs up", kind), "s", 0, [&lives, kind] { return (lives[kind] = live(kind)).start; }};
    if (kind != "floor") start.floor = row("1,000 programs up", "floor");
    if (kind == "steward") start.times = 1.3;
    rows.push_back(start);
  }
  add_steps(rows, "up", lives, &life::start);
  for (const std::string& kind : kinds) {
    figure stop{row("stop 1,000", kind), "s", 0, [&lives, kind] { return lives[kind].stop; }};
    if (kind != "floor") stop.floor = row("stop 1,000", "floor");
    if (kind == "steward") stop.times = 2;
    rows.push_back(stop);
  }
  add_steps(rows, "stop", lives, &life::stop);
  for (const std::string& kind : kinds)
    rows.push_back(
        {row("a program, PSS", kind), "KiB", kind == "steward" ? 8.0 : 0.0, [&lives, kind] { return lives[kind].bytes / 1024 / thousand; }});
  rows.push_back({"idle with 1,000, CPU of 10 s", "ms", 1, [&lives] { return lives["steward"].idle * 1e3; }});
  out.take(rows);
}

/// From SIGKILL to the next process number, in milliseconds, once for each of some units, so that no backoff is due.
std::vector<double> restarts(const std::string& kind) {
  constexpr int units = 100;
  const supervisor one(kind, units);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const std::vector<pid_t> victims = one.programs();
  std::set<pid_t> known(victims.begin(), victims.end());
  std::vector<double> all;
  for (const pid_t victim : victims) {
    const auto begun = clock_type::now();
    ::kill(victim, SIGKILL);
    bench::wait_until(
        [&] {
          const auto now = one.programs();
          return std::ranges::any_of(now, [&](pid_t each) { return known.insert(each).second; });
        },
        "a killed program comes back");
    all.push_back(since(begun) * 1e3);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  expect(one.programs().size() == units, "each came back once");
  expect(one.stop() > 0, "everything ends");
  std::ranges::sort(all);
  return all;
}

void report_restarts(bench::report& out) {
  std::map<std::string, std::vector<double>> taken;
  std::vector<figure> rows;
  const auto add = [&](const std::string& what, double quantile, double times) {
    const auto of = [&taken, quantile](const std::string& kind) {
      const auto& sorted = taken[kind];
      return sorted[static_cast<std::size_t>(std::lround(quantile * static_cast<double>(sorted.size() - 1)))];
    };
    for (const char* const kind : {"floor", "memory", "sqlite", "steward"}) {
      figure one{row(what, kind), "ms", 0, [of, kind] { return of(kind); }};
      if (kind != std::string_view("floor")) one.floor = row(what, "floor");
      if (kind == std::string_view("steward")) one.times = times;
      rows.push_back(one);
    }
    rows.push_back({what + ", cost of the durable table", "ms", 0, [of] { return of("sqlite") - of("memory"); }});
  };
  add("SIGKILL to new pid, median", 0.5, 1.3);
  add("SIGKILL to new pid, p99", 0.99, 3);
  // The first row of each kind does the work for all of them.
  for (std::size_t i = 0; i < 4; ++i) {
    const std::string kind = std::array{"floor", "memory", "sqlite", "steward"}[i];
    rows[i].measure = [&taken, kind, look = rows[i].measure] { return (taken[kind] = restarts(kind)), look(); };
  }
  out.take(rows);
}

/// How fast a daemon takes the output of a program.
struct copying {
  double megabytes = 0;  // a second
  double cpu = 0;        // seconds for 200 MB
};

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Every line of both parts of the log is whole, and none is missing between them.
void check_log(const std::filesystem::path& log) {
  const std::string older = read_file(log.string() + ".1");
  const std::string text = older + read_file(log);
  expect(text.size() > 2'000'000 && older.ends_with('\n') && text.size() % bench::line_bytes == 0, "the parts of the log have whole lines only");
  long number = std::atol(text.substr(0, 10).c_str());
  for (std::size_t at = 0; at < text.size(); at += bench::line_bytes, ++number)
    expect(std::atol(text.substr(at, 10).c_str()) == number % bench::line_numbers && text[at + bench::line_bytes - 1] == '\n',
           "no line is cut or missing in the log");
}

copying copy(int chunk) {
  const auto folder = bench::tidy_process::folder() / "logs";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const auto go = (folder / "go").string();
  const auto told = folder / "told";
  expect(::mkfifo(go.c_str(), 0600) == 0, "a fifo can be made");
  std::ofstream(folder / "units.toml") << "[unit.writer]\ncommand = [\"" << bench::own_executable() << "\", \"writer\", \"" << chunk << "\", \"" << go
                                       << "\", \"" << told.string() << "\"]\n";
  const auto daemon = bench::start({steward_binary().string(), "run", "--db", (folder / "db").string(), "--apply", (folder / "units.toml").string()},
                                   folder / "output");
  const int gate = ::open(go.c_str(), O_WRONLY | O_CLOEXEC);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const std::vector<pid_t> both{daemon.pid, bench::child_named("steward-keeper")};
  const double before = bench::cpu_seconds(both);
  expect(::write(gate, "!", 1) == 1, "the writer can be let go");
  bench::wait_until([&] { return std::filesystem::exists(told); }, "the writer has written everything");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  copying seen;
  seen.cpu = bench::cpu_seconds(both) - before;
  seen.megabytes = static_cast<double>(bench::written_bytes) / 1e6 / std::atof(read_file(told).c_str());
  check_log(folder / "db.logs" / "writer.log");
  ::close(gate);
  bench::stop_all(daemon);
  return seen;
}

void report_logs(bench::report& out) {
  copying large;
  copying small;
  out.take({
      {"log, writes of 128 KiB", "MB/s", 1'112, [&] { return (large = copy(128 << 10)).megabytes; }, {}, 0, true},
      {"log, writes of 128 KiB, CPU for 200 MB", "s", 0.12, [&] { return large.cpu; }},
      {"log, writes of 100 bytes", "MB/s", 200, [&] { return (small = copy(100)).megabytes; }, {}, 0, true},
      {"log, writes of 100 bytes, CPU for 200 MB", "s", 0, [&] { return small.cpu; }},
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 && *argv[1] != '-' ? argv[1] : "";
  const int number = argc > 2 ? std::atoi(argv[2]) : 0;
  if (mode == "keeper" && number == 0) return keeper_main({argv + 2, argv + argc});
  if (mode == "floor" || mode == "pipes") return bench::run_floor(number, mode == "pipes");
  if (mode == "local") return bench::run_local(number);
  if (mode == "memory") return bench::run_managed(number, {});
  if (mode == "sqlite" && argc > 3) return bench::run_managed(number, argv[3]);
  if (mode == "keeper" && argc > 3) return bench::run_with_keeper(number, argv[3]);
  if (mode == "writer" && argc > 4) return bench::run_writer(number, argv[3], argv[4]);
  const bench::tidy_process tidy;
  expect(std::filesystem::exists(steward_binary()), "the daemon is built (build/release/apps/steward/steward, or STEWARD_BINARY)");
  bench::report out(bench::rounds_in(argc, argv, 3));
  if (mode.empty() || mode == "restart") report_restarts(out);
  if (mode.empty() || mode == "log") report_logs(out);
  if (mode.empty() || mode == "start") report_starts(out);
  return 0;
}
