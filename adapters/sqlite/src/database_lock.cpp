// SPDX-License-Identifier: Apache-2.0
#include "steward/sqlite/database_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace steward {
namespace {

std::unexpected<error> refused(const std::filesystem::path& lock, int number, const std::string& text) {
  return fail(error(std::error_code(number, std::generic_category()), "lock " + lock.string() + ": " + text));
}

std::string reason(int number) { return std::generic_category().message(number); }

// What a lock file holds: nothing, or a process id and a line break. Anything else is not ours to write into.
std::optional<std::string> holder_in(int fd) {
  std::array<char, 32> bytes{};
  const auto count = ::pread(fd, bytes.data(), bytes.size(), 0);
  if (count < 0) return std::nullopt;
  std::string_view text(bytes.data(), static_cast<std::size_t>(count));
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (!std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }) || text.size() > 10) return std::nullopt;
  return std::string(text);
}

std::unexpected<error> in_use(const std::filesystem::path& database, const std::filesystem::path& lock, const std::string& holder) {
  const auto who = holder.empty() ? std::string("another process") : "process " + holder;
  return fail(
      error(std::make_error_code(std::errc::device_or_resource_busy),
            "database " + database.string() + ": in use by " + who + ", which holds " + lock.string() + "; stop it, or use another database"));
}

// Somebody may have removed the file between our opening and our locking it; then the lock is on a file that nobody else will find.
bool still_at(const std::filesystem::path& lock, int fd) {
  struct stat here{};
  struct stat there{};
  return ::fstat(fd, &here) == 0 && ::stat(lock.c_str(), &there) == 0 && here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

// The number is for the message only, so that a full disk does not keep anyone from the lock.
void write_holder(int fd) {
  const auto text = std::to_string(::getpid()) + "\n";
  [[maybe_unused]] const bool written = ::ftruncate(fd, 0) == 0 && ::pwrite(fd, text.data(), text.size(), 0) > 0;
}

bool is_lock_file(int fd) {
  struct stat seen{};
  return ::fstat(fd, &seen) == 0 && S_ISREG(seen.st_mode) && holder_in(fd).has_value();
}

// Follows links, so that a file has one lock whatever it is called.
std::filesystem::path beside(const std::filesystem::path& database) {
  std::error_code ignored;
  auto file = std::filesystem::weakly_canonical(database, ignored);
  if (ignored || file.empty()) file = std::filesystem::absolute(database, ignored);
  return file += ".lock";
}

}  // namespace

result<database_lock> database_lock::acquire(const std::filesystem::path& database) {
  const auto lock = beside(database);
  for (;;) {
    // Not blocking: a FIFO at this path would otherwise hold us here.
    detail::unique_fd file(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, S_IRUSR | S_IWUSR));
    if (!file) return refused(lock, errno, "cannot be opened: " + reason(errno));
    if (!is_lock_file(file.get())) return refused(lock, EEXIST, "holds something else than a process id, so it is no lock file; move it away");
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return refused(lock, errno, "cannot be locked: " + reason(errno));
      return in_use(database, lock, holder_in(file.get()).value_or(""));
    }
    if (!still_at(lock, file.get())) continue;
    write_holder(file.get());
    return database_lock(std::move(file));
  }
}

database_lock::~database_lock() {
  if (!fd_) return;
  // While the lock is still ours, so that the next holder's number is not wiped out. Without it the next one merely finds an old number.
  [[maybe_unused]] const int done = ::ftruncate(fd_.get(), 0);
}

}  // namespace steward
