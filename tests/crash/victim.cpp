// SPDX-License-Identifier: Apache-2.0
#include "victim.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace steward::test {

victim::victim(const std::string& mode, const std::filesystem::path& file, std::uint64_t seed) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  ::fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::array<std::string, 4> words{"/proc/self/exe", mode, file.string(), std::to_string(seed)};
  std::array<char*, 5> pointers{words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
  EXPECT_EQ(::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, pointers.data(), environ), 0);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  output_ = ends[0];
}

victim::~victim() { ::close(output_); }

void victim::wait_for(std::size_t lines) {
  while (lines_.size() < lines && read_some()) {
  }
}

bool victim::wait_for(const std::string& line) {
  const auto is_said = [&] { return std::ranges::find(lines_, line) != lines_.end(); };
  while (!is_said() && read_some()) {
  }
  return is_said();
}

void victim::kill() {
  ::kill(pid_, SIGKILL);
  while (read_some()) {
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself with status " << status;
}

bool victim::read_some() {
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

void say(const std::string& line) {
  const auto text = line + "\n";
  if (::write(STDOUT_FILENO, text.data(), text.size()) != static_cast<ssize_t>(text.size())) ::_exit(2);
}

std::filesystem::path make_folder() {
  const std::filesystem::path memory = "/dev/shm";
  std::string pattern = ((::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path()) / "steward_crash_XXXXXX").string();
  return ::mkdtemp(pattern.data()) != nullptr ? pattern : "";
}

std::uint64_t given(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

int rounds() { return static_cast<int>(given("STEWARD_CRASH_ROUNDS", given("STEWARD_SANITIZED", 0) != 0 ? 20 : 200)); }

}  // namespace steward::test
