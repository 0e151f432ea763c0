// SPDX-License-Identifier: Apache-2.0
#include "file_watch.hpp"

#include "sqlite_error.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace steward::detail {
namespace {

std::unexpected<error> refused(const std::filesystem::path& file, int number, const std::string& text) {
  return fail(database_error(file, std::error_code(number, std::generic_category()), text));
}

std::string reason(int number) { return std::generic_category().message(number); }

result<> check_directory(const std::filesystem::path& file) {
  const auto folder = file.parent_path();
  struct stat seen{};
  if (::stat(folder.c_str(), &seen) != 0) {
    if (errno == ENOENT) return refused(file, ENOENT, "its directory does not exist; create it, or give another path");
    return refused(file, errno, "its directory cannot be used: " + reason(errno));
  }
  if (!S_ISDIR(seen.st_mode)) return refused(file, ENOTDIR, folder.string() + " is not a directory; give another path");
  if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
    return refused(file, errno, "its directory cannot be written: " + reason(errno) + "; SQLite keeps two more files beside it");
  return {};
}

result<> create_file(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return refused(file, errno, "cannot be made: " + reason(errno));
  ::close(fd);
  return {};
}

}  // namespace

std::optional<file_identity> identity_of(const std::filesystem::path& file) noexcept {
  struct stat seen{};
  if (::stat(file.c_str(), &seen) != 0) return std::nullopt;
  return file_identity{seen.st_dev, seen.st_ino};
}

bool was_left_open(const std::filesystem::path& file) noexcept {
  struct stat seen{};
  return ::stat((file.string() + "-wal").c_str(), &seen) == 0 && seen.st_size > 0;
}

error gone_error(const std::filesystem::path& file) {
  return database_error(file, std::make_error_code(std::errc::no_such_file_or_directory), "gone: moved or deleted while in use; put it back");
}

result<> prepare_file(const std::filesystem::path& file, bool create) {
  struct stat seen{};
  if (::stat(file.c_str(), &seen) != 0) {
    if (errno != ENOENT) return refused(file, errno, reason(errno));
    if (!create) return fail(gone_error(file));
    if (auto usable = check_directory(file); !usable) return usable;
    return create_file(file);
  }
  if (S_ISDIR(seen.st_mode)) return refused(file, EISDIR, "is a directory; give the path of a file");
  if (!S_ISREG(seen.st_mode)) return refused(file, EINVAL, "is not a regular file; give another path");
  // SQLite takes a file of one byte for an empty one, and would write over it.
  constexpr off_t smallest_page = 512;
  if (seen.st_size > 0 && seen.st_size < smallest_page) return fail(not_a_database(file));
  if (::faccessat(AT_FDCWD, file.c_str(), R_OK | W_OK, AT_EACCESS) != 0)
    return refused(file, errno, "cannot be read and written: " + reason(errno) + "; give this user the right to both");
  return check_directory(file);
}

}  // namespace steward::detail
