// SPDX-License-Identifier: Apache-2.0
#include "support.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace steward::test {

temporary_folder::temporary_folder() {
  auto pattern = (std::filesystem::temp_directory_path() / "steward-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::system_error(errno, std::generic_category(), pattern);
  path_ = pattern;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string temporary_folder::script(std::string_view name, std::string_view text) const {
  auto file = *this / name;
  std::ofstream(file) << text;
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  return file;
}

open_files_limit::open_files_limit(rlim_t soft) {
  EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
  const rlimit small{.rlim_cur = soft, .rlim_max = before_.rlim_max};
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &small), 0);
}

open_files_limit::~open_files_limit() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }

bool is_sanitized() { return std::getenv("STEWARD_SANITIZED") != nullptr; }  // NOLINT(concurrency-mt-unsafe): nobody sets it

// Descriptors are the lowest free numbers, and the limit is the first number that is none.
rlim_t limit_that_leaves(std::size_t count) {
  std::vector<detail::unique_fd> next;
  while (next.size() <= count) next.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  return static_cast<rlim_t>(next.back().get());
}

program_spec shell(std::string text) { return {.command = {"/bin/sh", "-c", std::move(text)}, .directory = {}, .environment = {}}; }

bool wait_readable(int fd) {
  pollfd event{.fd = fd, .events = POLLIN, .revents = 0};
  int ready = 0;
  do {
    ready = ::poll(&event, 1, static_cast<int>(std::chrono::milliseconds(patience).count()));
  } while (ready < 0 && errno == EINTR);
  return ready == 1;
}

bool eventually(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < end) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

std::string read_until(int fd, std::string_view text) {
  std::string all;
  std::array<char, 65536> buffer;
  while (text.empty() || !all.contains(text)) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got > 0) {
      all.append(buffer.data(), static_cast<std::size_t>(got));
    } else if (got == 0) {
      break;
    } else if (errno != EAGAIN || !wait_readable(fd)) {
      ADD_FAILURE() << "read: " << std::generic_category().message(errno) << " after: " << all;
      break;
    }
  }
  return all;
}

std::string read_all(int fd) { return read_until(fd, {}); }

program_exit wait_exit(int pidfd) {
  EXPECT_TRUE(wait_readable(pidfd));
  const auto status = reap(pidfd);
  EXPECT_TRUE(status.has_value()) << status.error().to_string();
  EXPECT_TRUE(status && *status) << "has not ended";
  return status && *status ? **status : program_exit{.code = -1, .signal = 0};
}

void end_group(const child& started) {
  const group_leader leader{.pidfd = started.pidfd.get(), .pid = started.pid, .reaped = false};
  (void)signal_group(leader, SIGKILL);
  if (wait_readable(leader.pidfd)) (void)reap(leader.pidfd);
}

run_outcome run(const program_spec& spec, const spawn_options& options) {
  const auto started = spawn(spec, options);
  if (!started) {
    ADD_FAILURE() << started.error().to_string();
    return {};
  }
  auto output = read_all(started->output.get());
  return {.output = std::move(output), .status = wait_exit(started->pidfd.get())};
}

std::vector<std::string> lines(std::string_view text) {
  std::vector<std::string> all;
  while (!text.empty()) {
    const auto end = text.find('\n');
    all.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return all;
}

}  // namespace steward::test
