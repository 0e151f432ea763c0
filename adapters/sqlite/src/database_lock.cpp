// SPDX-License-Identifier: Apache-2.0
#include "steward/sqlite/database_lock.hpp"

#include "file_watch.hpp"
#include "steward/detail/unique_fd.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace steward {
namespace {

constexpr std::chrono::seconds longest_inheritance(1);
constexpr std::chrono::milliseconds between_tries(5);

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

std::unexpected<error> in_use(const std::filesystem::path& database, const std::string& by) {
  return fail(error(std::make_error_code(std::errc::device_or_resource_busy),
                    "database " + database.string() + ": in use by " + by + "; stop it, or use another database"));
}

std::string holder(const std::filesystem::path& lock, int fd) {
  const auto number = holder_in(fd).value_or("");
  return (number.empty() ? "another process" : "process " + number) + ", which holds " + lock.string();
}

bool is_at(const std::filesystem::path& path, int fd) {
  struct stat here{};
  return ::fstat(fd, &here) == 0 && detail::identity_of(path) == detail::file_identity{here.st_dev, here.st_ino};
}

// The number is for the message only, so that a full disk does not keep anyone from the lock.
void write_holder(int fd) {
  const auto text = std::to_string(::getpid()) + "\n";
  [[maybe_unused]] const bool written = ::ftruncate(fd, 0) == 0 && ::pwrite(fd, text.data(), text.size(), 0) > 0;
}

// Whether the process with this number is over; one that nobody has waited for yet is, since its files are closed.
bool is_over(const std::string& number) {
  pid_t pid = 0;
  if (std::from_chars(number.data(), number.data() + number.size(), pid).ec != std::errc() || pid <= 0) return false;
  const detail::unique_fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process) return errno == ESRCH;
  pollfd end{.fd = process.get(), .events = POLLIN, .revents = 0};
  return ::poll(&end, 1, 0) > 0;
}

// Takes a lock by `take`, which leaves `errno` when it does not get it. One whose `holder` is over may still be held by a child of it that has not
// executed its own program yet: that is waited for.
template <class Take, class Holder>
bool take_or_inherit(Take take, Holder holder) {
  const auto patient_until = std::chrono::steady_clock::now() + longest_inheritance;
  while (!take()) {
    const int why = errno;
    const bool heir = (why == EAGAIN || why == EACCES) && is_over(holder());
    errno = why;
    if (!heir || std::chrono::steady_clock::now() > patient_until) return false;
    std::this_thread::sleep_for(between_tries);
  }
  return true;
}

// What SQLite keeps beside a database it keeps beside each name of it: two at a time under two names destroy it.
result<> check_names(const std::filesystem::path& database) {
  struct stat seen{};
  if (::stat(database.c_str(), &seen) != 0 || seen.st_nlink <= 1) return {};
  return fail(error(std::make_error_code(std::errc::invalid_argument),
                    "database " + database.string() + ": has " + std::to_string(seen.st_nlink) +
                        " names (hard links), and SQLite would take them for different databases; remove all names but one, or use a copy"));
}

bool is_lock_file(int fd) {
  struct stat seen{};
  return ::fstat(fd, &seen) == 0 && S_ISREG(seen.st_mode) && holder_in(fd).has_value();
}

bool is_empty(int fd) {
  struct stat seen{};
  return ::fstat(fd, &seen) == 0 && seen.st_size == 0;
}

// Of the open file, not of the process: SQLite's own locks, which belong to the process, have nothing to do with it. It is on a byte that SQLite
// leaves alone, and that need not be there.
bool lock_itself(int database) {
  struct flock one{};
  one.l_type = F_WRLCK;
  one.l_whence = SEEK_SET;
  one.l_start = 0x53747764;
  one.l_len = 1;
  return ::fcntl(database, F_OFD_SETLK, &one) == 0;
}

}  // namespace

struct database_lock::held {
  explicit held(std::filesystem::path of) : file(std::move(of)), lock(file) { lock += ".lock"; }
  held(const held&) = delete;
  held& operator=(const held&) = delete;
  ~held();

  /// @{ By name first: who it is that has it can be told, and the database is not opened when this process has it already.
  [[nodiscard]] result<> take_name(const std::filesystem::path& called);
  [[nodiscard]] result<> take_file(const std::filesystem::path& called);
  /// @}

  std::filesystem::path file;
  std::filesystem::path lock;
  detail::unique_fd name_lock;
  detail::unique_fd file_lock;
  std::string former;  // who has left the lock file, without removing it
  bool made = false;
};

// While the locks are still ours, so that nothing of the next holder is removed.
database_lock::held::~held() {
  if (!name_lock) return;
  if (made && is_empty(file_lock.get()) && is_at(file, file_lock.get())) ::unlink(file.c_str());
  if (is_at(lock, name_lock.get())) ::unlink(lock.c_str());
}

result<> database_lock::held::take_name(const std::filesystem::path& called) {
  for (;;) {
    // Not blocking: a FIFO at this path would otherwise hold us here.
    detail::unique_fd opened(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, S_IRUSR | S_IWUSR));
    if (!opened) return refused(lock, errno, "cannot be opened: " + reason(errno));
    if (!is_lock_file(opened.get())) return refused(lock, EEXIST, "holds something else than a process id, so it is no lock file; move it away");
    const auto take = [fd = opened.get()] { return ::flock(fd, LOCK_EX | LOCK_NB) == 0; };
    const auto named = [fd = opened.get()] { return holder_in(fd).value_or(""); };
    if (!take_or_inherit(take, named)) {
      if (errno != EWOULDBLOCK) return refused(lock, errno, "cannot be locked: " + reason(errno));
      return in_use(called, holder(lock, opened.get()));
    }
    // Its holder has removed it between our opening and our locking it; then the lock is on a file that nobody else will find.
    if (!is_at(lock, opened.get())) continue;
    former = named();
    write_holder(opened.get());
    name_lock = std::move(opened);
    return {};
  }
}

result<> database_lock::held::take_file(const std::filesystem::path& called) {
  file_lock.reset(::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!file_lock) return refused(file, errno, "cannot be opened: " + reason(errno));
  if (take_or_inherit([this] { return lock_itself(file_lock.get()); }, [this] { return former; })) return {};
  if (errno == EAGAIN || errno == EACCES) return in_use(called, "another process, which has it under another name or without its lock file");
  return refused(file, errno, "cannot be locked: " + reason(errno));
}

result<database_lock> database_lock::acquire(const std::filesystem::path& database) {
  std::error_code missing;
  const auto called = std::filesystem::absolute(database);
  const bool there = std::filesystem::exists(called, missing);
  if (auto usable = detail::prepare_file(called, true); !usable) return fail(std::move(usable.error()));
  if (auto one = check_names(called); !one) return fail(std::move(one.error()));
  // Links are followed, so that the file has one lock whatever they are called.
  database_lock made(std::make_unique<held>(std::filesystem::canonical(called, missing)));
  if (auto taken = made.held_->take_name(database); !taken) return fail(std::move(taken.error()));
  made.held_->made = !there;
  if (auto taken = made.held_->take_file(database); !taken) return fail(std::move(taken.error()));
  return made;
}

database_lock::database_lock(std::unique_ptr<held> what) noexcept : held_(std::move(what)) {}
database_lock::database_lock(database_lock&& other) noexcept = default;
database_lock& database_lock::operator=(database_lock&& other) noexcept = default;

database_lock::~database_lock() = default;

}  // namespace steward
