// SPDX-License-Identifier: Apache-2.0
#include "common/machine.hpp"

#include "common/report.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <thread>

namespace steward::bench {
namespace {

namespace fs = std::filesystem;

/// Numbers in a folder of /proc.
std::vector<pid_t> numbers_in(const fs::path& folder) {
  std::vector<pid_t> all;
  std::error_code gone;
  for (fs::directory_iterator at(folder, gone), end; !gone && at != end; at.increment(gone))
    if (const auto number = std::atoi(at->path().filename().c_str()); number > 0) all.push_back(number);
  return all;
}

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<pid_t> descendants() {
  std::vector<pid_t> all = children_of(::getpid());
  for (std::size_t i = 0; i < all.size(); ++i) std::ranges::copy(children_of(all[i]), std::back_inserter(all));
  return all;
}

void reap_all() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

/// Whose parent ends meanwhile comes to us, and is found in the next round.
void end_descendants() {
  for (int round = 0; round < 200; ++round) {
    reap_all();
    const auto left = descendants();
    if (left.empty()) return;
    for (const pid_t each : left) ::kill(each, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void leave_nothing() {
  end_descendants();
  std::error_code ignored;
  fs::remove_all(tidy_process::folder(), ignored);
}

}  // namespace

tidy_process::tidy_process() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  (void)folder();
  std::atexit(leave_nothing);
  sigset_t interrupts;
  sigemptyset(&interrupts);
  for (const int each : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&interrupts, each);
  ::pthread_sigmask(SIG_BLOCK, &interrupts, nullptr);
  std::thread([interrupts] {
    int number = 0;
    ::sigwait(&interrupts, &number);
    leave_nothing();
    ::_exit(128 + number);
  }).detach();
}

const fs::path& tidy_process::folder() {
  static const fs::path made = [] {
    std::string pattern = (fs::temp_directory_path() / "steward-bench-XXXXXX").string();
    expect(::mkdtemp(pattern.data()) != nullptr, "a temporary folder can be made");
    return fs::path(pattern);
  }();
  return made;
}

std::string own_executable() { return fs::read_symlink("/proc/self/exe").string(); }

started start(const std::vector<std::string>& command, const fs::path& output) {
  started made;
  std::array<int, 2> ends{-1, -1};
  if (output.empty()) {
    expect(::pipe2(ends.data(), O_CLOEXEC) == 0, "a pipe can be made");
  } else {
    ends[1] = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  }
  std::vector<char*> arguments;
  for (const std::string& each : command) arguments.push_back(const_cast<char*>(each.c_str()));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  arguments.push_back(nullptr);
  sigset_t nothing;
  sigemptyset(&nothing);
  posix_spawnattr_t how;
  posix_spawnattr_init(&how);
  posix_spawnattr_setsigmask(&how, &nothing);
  posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
  expect(::posix_spawn(&made.pid, arguments.front(), &files, &how, arguments.data(), environ) == 0, "the process can be started");
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&how);
  ::close(ends[1]);
  made.output = ends[0];
  return made;
}

void wait_ready(const started& who) {
  std::string said;
  std::array<char, 256> buffer{};
  while (!said.contains("ready\n")) {
    const auto got = ::read(who.output, buffer.data(), buffer.size());
    expect(got > 0, "the process is ready before it ends");
    said.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

void stop_all(const started& who) {
  ::kill(who.pid, SIGTERM);
  int status = 0;
  pid_t ended = 0;
  bool clean = false;
  while ((ended = ::waitpid(-1, &status, 0)) > 0) clean |= ended == who.pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  expect(clean, "the process ends with code 0");
  if (who.output >= 0) ::close(who.output);
}

std::vector<pid_t> children_of(pid_t who) {
  std::vector<pid_t> all;
  const fs::path threads = fs::path("/proc") / std::to_string(who) / "task";
  for (const pid_t each : numbers_in(threads)) {
    std::istringstream listed(text_of(threads / std::to_string(each) / "children"));
    std::ranges::copy(std::istream_iterator<pid_t>(listed), std::istream_iterator<pid_t>(), std::back_inserter(all));
  }
  return all;
}

pid_t child_named(const std::string& name) {
  for (const pid_t each : children_of(::getpid()))
    if (text_of(fs::path("/proc") / std::to_string(each) / "comm") == name + "\n") return each;
  return 0;
}

double cpu_seconds(const std::vector<pid_t>& who) {
  double nanoseconds = 0;
  for (const pid_t each : who) {
    const fs::path threads = fs::path("/proc") / std::to_string(each) / "task";
    for (const pid_t thread : numbers_in(threads)) nanoseconds += std::atof(text_of(threads / std::to_string(thread) / "schedstat").c_str());
  }
  return nanoseconds * 1e-9;
}

double proportional_bytes(const std::vector<pid_t>& who) {
  double kibibytes = 0;
  for (const pid_t each : who) {
    std::istringstream lines(text_of(fs::path("/proc") / std::to_string(each) / "smaps_rollup"));
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with("Pss:")) kibibytes += std::atof(line.c_str() + 4);
  }
  return kibibytes * 1024;
}

void wait_until(const std::function<bool()>& holds, const char* what) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (!holds()) {
    expect(std::chrono::steady_clock::now() < end, what);
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

}  // namespace steward::bench
