// SPDX-License-Identifier: Apache-2.0
#include "common/small_supervisors.hpp"

#include "common/machine.hpp"
#include "common/report.hpp"
#include "steward/asio/scheduler.hpp"
#include "steward/asio/signals.hpp"
#include "steward/chain.hpp"
#include "steward/leaf.hpp"
#include "steward/manager.hpp"
#include "steward/memory_table.hpp"
#include "steward/parallel.hpp"
#include "steward/program/keeper.hpp"
#include "steward/program/keeper_spawner.hpp"
#include "steward/program/local_spawner.hpp"
#include "steward/program/open_files.hpp"
#include "steward/program/program.hpp"
#include "steward/sqlite/sqlite_state.hpp"
#include "steward/sqlite/sqlite_table.hpp"
#include "steward/start_stop.hpp"
#include "steward/sync_wait.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace steward::bench {
namespace {

/// The signal that ends it waits until somebody reads it; so this comes before the second thread.
void begin() {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  raise_open_files();
  sigset_t asked;
  sigemptyset(&asked);
  sigaddset(&asked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &asked, nullptr);
}

void say_ready() {
  std::puts("ready");
  std::fflush(stdout);
}

/// The floor's children and how they are watched.
class floor_table {
 public:
  floor_table(int count, bool pipes) : children_(static_cast<std::size_t>(count)), pipes_(pipes) {
    sigset_t asked;
    sigemptyset(&asked);
    sigaddset(&asked, SIGTERM);
    watch(signals_ = ::signalfd(-1, &asked, SFD_CLOEXEC), from_signals);
    for (std::size_t i = 0; i < children_.size(); ++i) start(i);
  }

  void run() {
    std::size_t left = children_.size();
    bool stopping = false;
    while (left > 0) {
      std::array<epoll_event, 64> events;
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const auto source = events[static_cast<std::size_t>(i)].data.u64;
        if (source == from_signals) {
          signalfd_siginfo taken{};
          stopping = ::read(signals_, &taken, sizeof taken) > 0;
          for (const one& each : children_) ::syscall(SYS_pidfd_send_signal, each.pidfd, SIGTERM, nullptr, 0);
          continue;
        }
        ::waitpid(children_[source].pid, nullptr, 0);
        ::close(children_[source].pidfd);
        if (pipes_) ::close(children_[source].output);
        if (stopping)
          --left;
        else
          start(source);
      }
    }
  }

 private:
  struct one {
    pid_t pid = 0;
    int pidfd = -1;
    int output = -1;
  };
  static constexpr std::uint64_t from_signals = ~std::uint64_t{0};

  void watch(int fd, std::uint64_t number) const {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = number}};
    expect(::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0, "the floor can watch a descriptor");
  }

  void start(std::size_t which) {
    one& made = children_[which];
    sigset_t nothing;
    sigemptyset(&nothing);
    posix_spawnattr_t how;
    posix_spawnattr_init(&how);
    posix_spawnattr_setsigmask(&how, &nothing);
    posix_spawnattr_setpgroup(&how, 0);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    std::array<int, 2> ends{-1, -1};
    if (pipes_) {
      expect(::pipe2(ends.data(), O_CLOEXEC) == 0, "a pipe can be made");
      ::fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);
      posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
      posix_spawn_file_actions_adddup2(&files, ends[1], STDERR_FILENO);
    }
    std::string name = "/bin/sleep";
    std::string forever = "infinity";
    const std::array<char*, 3> command{name.data(), forever.data(), nullptr};
    expect(::posix_spawn(&made.pid, name.c_str(), &files, &how, command.data(), environ) == 0, "the floor can start a program");
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    if (pipes_) ::close(ends[1]);
    made.output = ends[0];
    made.pidfd = static_cast<int>(::syscall(SYS_pidfd_open, made.pid, 0));
    watch(made.pidfd, which);
    if (pipes_) watch_output(made.output);
  }

  /// As a supervisor would that reads it.
  void watch_output(int fd) const {
    epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.u64 = from_signals}};
    ::epoll_ctl(outputs_, EPOLL_CTL_ADD, fd, &event);
  }

  int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  int outputs_ = ::epoll_create1(EPOLL_CLOEXEC);
  int signals_ = -1;
  std::vector<one> children_;
  bool pipes_;
};

std::string key_of(int number) { return "u" + std::to_string(number); }

runnable sleep_for_ever(const std::string& key, spawner& by) {
  program_spec what;
  what.command = {"/bin/sleep", "infinity"};
  program_options how;
  how.key = key;
  return program(std::move(what), std::move(how), by);
}

runnable sleeps(int count, spawner& by) {
  std::vector<runnable> all;
  for (int i = 0; i < count; ++i) all.push_back(sleep_for_ever(key_of(i), by));
  return parallel(std::move(all));
}

using text_table = table<std::string, std::string>;
using fleet = manager<std::string, std::string>;

/// The manager, with its programs, of either table. `changed` is told of each that runs.
class managed {
 public:
  managed(text_table& rows, boost::asio::io_context& io, std::function<void(const std::string&)> changed)
      : by_(io),
        kept_(
            rows, [this](const std::string& key, const std::string&) -> result<runnable> { return sleep_for_ever(key, by_); },
            options(std::move(changed))) {}

  task<> run(context& ctx, callback ready) { return kept_.run(ctx, ready); }

 private:
  static fleet::options_type options(std::function<void(const std::string&)> changed) {
    fleet::options_type how;
    how.initial_wait = std::chrono::seconds(60);
    how.on_event = [changed = std::move(changed)](const manager_event<std::string>& event) {
      if (changed && event.key != nullptr && event.state == row_state::running) changed(*event.key);
    };
    return how;
  }

  local_spawner by_;
  fleet kept_;
};

/// A table in a SQLite file as the daemon has it: opened, filled, and beside it what is remembered of each key.
class durable_rows {
 public:
  durable_rows(const std::string& file, int count) : database_(file), count_(count) {}

  [[nodiscard]] text_table& rows() noexcept { return rows_; }
  void changed(const std::string& key) { unwritten_.push_back({key, "past", R"({"incarnation":2,"restarts":1,"completed":0})"}); }

  task<> run(context& ctx, callback ready) {
    const auto open_close = start_stop([this](context& in) { return database_.open(in); }, [this](context& in) { return database_.close(in); });
    const auto filled = [this](context& in, callback next) -> task<> {
      co_await or_return(fill(in));
      co_return co_await next(in);
    };
    const auto whole = chain(open_close, filled, leaf([this](context& in) { return keep_writing(in); }));
    co_return co_await whole.run(ctx, ready);
  }

 private:
  task<> fill(context& ctx) {
    table_edit<std::string, std::string> edit;
    for (int i = 0; i < count_; ++i) edit.put(key_of(i), "sleep infinity");
    co_await or_return(rows_.edit(ctx, std::move(edit)));
    co_return {};
  }

  task<> keep_writing(context& ctx) {
    for (;;) {
      co_await or_return(co_await ctx.sleep_for(std::chrono::milliseconds(100)));
      auto entries = std::exchange(unwritten_, {});
      if (!entries.empty()) co_await or_return(state_.put(ctx, std::move(entries)));
    }
  }

  sqlite_database database_;
  sqlite_table<std::string, std::string> rows_{database_, "units"};
  sqlite_state state_{database_};
  int count_;
  std::vector<state_entry> unwritten_;
};

/// Runs it until SIGTERM.
int run_whole(boost::asio::io_context& io, const runnable& whole) {
  const second_thread second;
  asio_scheduler on(io);
  signals asked(io, {SIGTERM});
  sigset_t nothing;
  sigemptyset(&nothing);
  ::pthread_sigmask(SIG_SETMASK, &nothing, nullptr);
  auto ready = [&asked](context& ctx) -> task<> {
    say_ready();
    (void)co_await asked.wait(ctx);
    co_return {};
  };
  result<> outcome;
  {
    root_context root(on);
    auto running = whole.run(root, ready);
    auto ended = [&io]() noexcept { io.stop(); };
    detail::outside_waiter outside(on, ended);
    auto work = boost::asio::make_work_guard(io);
    if (running.start(outside)) io.run();
    outcome = running.take();
  }
  if (!outcome) std::fprintf(stderr, "benchmark: %s\n", outcome.error().to_string().c_str());
  return outcome ? 0 : 1;
}

}  // namespace

int run_floor(int count, bool pipes) {
  begin();
  const second_thread second;
  floor_table all(count, pipes);
  say_ready();
  all.run();
  return 0;
}

int run_local(int count) {
  begin();
  boost::asio::io_context io(1);
  local_spawner by(io);
  return run_whole(io, sleeps(count, by));
}

int run_managed(int count, const std::string& database) {
  begin();
  boost::asio::io_context io(1);
  if (database.empty()) {
    memory_table<std::string, std::string> rows;
    for (int i = 0; i < count; ++i) rows.put(key_of(i), "sleep infinity");
    managed all(rows, io, {});
    return run_whole(io, std::ref(all));
  }
  durable_rows durable(database, count);
  managed all(durable.rows(), io, [&durable](const std::string& key) { durable.changed(key); });
  return run_whole(io, chain(std::ref(durable), std::ref(all)));
}

int run_with_keeper(int count, const char* socket) {
  begin();
  boost::asio::io_context io(1);
  const auto connect = [socket] { return connect_or_start_keeper(socket, own_executable()); };
  auto link = connect();
  expect(link.has_value(), "there is a keeper");
  keeper_spawner by(io, std::move(*link), process_register(std::string(socket) + ".running"), connect,
                    [](const std::string& line) { std::fprintf(stderr, "benchmark: %s\n", line.c_str()); });
  return run_whole(io, chain(std::ref(by), sleeps(count, by)));
}

int run_writer(int chunk, const char* go, const char* told) {
  constexpr auto whole = std::size_t{line_numbers} * line_bytes;
  std::string lines;
  for (int i = 0; i < line_numbers; ++i) {
    std::array<char, line_bytes + 1> line{};
    std::snprintf(line.data(), line.size(), "%010d %088d\n", i, 0);
    lines += line.data();
  }
  lines += lines.substr(0, static_cast<std::size_t>(chunk));  // so that no write is shorter than the others
  char byte = 0;
  const int gate = ::open(go, O_RDONLY | O_CLOEXEC);
  if (gate < 0 || ::read(gate, &byte, 1) != 1) return 1;
  const auto begun = std::chrono::steady_clock::now();
  for (long at = 0; at < written_bytes;) {
    const auto wanted = static_cast<std::size_t>(std::min<long>(chunk, written_bytes - at));
    const auto done = ::write(STDOUT_FILENO, lines.data() + static_cast<std::size_t>(at) % whole, wanted);
    if (done <= 0) return 1;
    at += done;
  }
  int waiting = 1;
  while (::ioctl(STDOUT_FILENO, FIONREAD, &waiting) == 0 && waiting > 0) std::this_thread::sleep_for(std::chrono::microseconds(100));
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
  if (std::FILE* out = std::fopen((std::string(told) + ".new").c_str(), "w")) {
    std::fprintf(out, "%f\n", taken.count());
    std::fclose(out);
    std::rename((std::string(told) + ".new").c_str(), told);
  }
  for (;;) ::pause();
}

}  // namespace steward::bench
