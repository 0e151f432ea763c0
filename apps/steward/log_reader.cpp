// SPDX-License-Identifier: Apache-2.0
#include "log_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace steward {
namespace {

constexpr std::uint64_t largest_tail = std::uint64_t{64} << 20U;
constexpr std::size_t block = std::size_t{256} << 10U;
constexpr std::string_view missing = "[steward: output is missing here, rotated away before it was read]\n";

error last_error(const std::filesystem::path& file) {
  const std::error_code code(errno, std::system_category());
  return {code, file.string() + ": " + code.message()};
}

result<std::string> read_at(int fd, std::uint64_t offset, std::size_t size, const std::filesystem::path& file) {
  std::string text(size, '\0');
  const ssize_t got = ::pread(fd, text.data(), size, static_cast<off_t>(offset));
  if (got < 0) return fail(last_error(file));
  text.resize(static_cast<std::size_t>(got));
  return text;
}

// Cuts `text` so that it begins with the `lines`-th line from its end, and takes off `lines` what it has. A line break at `end` or behind it ends the
// last line and begins none. True when it has them all.
bool cut_to_last(std::string& text, std::size_t end, std::size_t& lines) {
  while (end > 0) {
    const std::size_t newline = text.rfind('\n', end - 1);
    if (newline == std::string::npos) return false;
    end = newline;
    if (--lines > 0) continue;
    text.erase(0, newline + 1);
    return true;
  }
  return false;
}

std::string joined(const std::vector<std::string>& newest_first) {
  std::string text;
  for (auto part = newest_first.rbegin(); part != newest_first.rend(); ++part) text += *part;
  return text;
}

// The last lines of one file, up to `end`; what it has of them is taken off `lines`.
result<std::string> last_lines(int fd, std::uint64_t end, std::size_t& lines, const std::filesystem::path& file) {
  std::vector<std::string> parts;
  std::uint64_t from = end;
  while (lines > 0 && from > 0 && end - from < largest_tail) {
    const auto size = std::min<std::uint64_t>(from, block);
    from -= size;
    auto part = read_at(fd, from, size, file);
    if (!part) return part;
    parts.push_back(std::move(*part));
    std::string& first = parts.back();
    const bool ends_the_last = parts.size() == 1 && first.ends_with('\n');
    if (cut_to_last(first, first.size() - (ends_the_last ? 1 : 0), lines)) return joined(parts);
  }
  std::string text = joined(parts);
  if (from > 0) {
    // Older lines would not join on to these; and the first of these is whole only behind a line break.
    lines = 0;
    text.erase(0, text.find('\n') + 1);
  } else if (!text.empty()) {
    --lines;  // the first line of the file
  }
  return text;
}

std::optional<struct statx> seen_of(int fd) {
  struct statx seen{};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &seen) != 0) return std::nullopt;
  return seen;
}

bool is_at(const std::filesystem::path& path, const struct statx& which) {
  struct statx seen{};
  return ::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_INO, &seen) == 0 && seen.stx_ino == which.stx_ino &&
         seen.stx_dev_major == which.stx_dev_major && seen.stx_dev_minor == which.stx_dev_minor;
}

std::pair<std::int64_t, std::uint32_t> instant_of(const statx_timestamp& from) { return {from.tv_sec, from.tv_nsec}; }

// An older part can be left when somebody has removed the one that we had.
bool is_later(const struct statx& part, const struct statx& ours) { return instant_of(part.stx_mtime) >= instant_of(ours.stx_mtime); }

// Whether a part had begun when ours was removed: then it is the next one, because what is removed is always the oldest but one. Where the file
// system does not tell when a file was made, it is taken for a later one.
bool was_there_at_the_end_of(const struct statx& ours, const struct statx& part) {
  return (part.stx_mask & STATX_BTIME) != 0 && instant_of(part.stx_btime) < instant_of(ours.stx_ctime);
}

}  // namespace

bool log_reader::open_current() {
  offset_ = 0;
  fd_.reset(::open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  return static_cast<bool>(fd_);
}

result<std::string> log_reader::tail(std::size_t lines) {
  if (!open_current()) {
    if (errno == ENOENT) return std::string();
    return fail(last_error(file_));
  }
  struct stat seen{};
  if (::fstat(fd_.get(), &seen) != 0) return fail(last_error(file_));
  offset_ = static_cast<std::uint64_t>(seen.st_size);
  auto text = last_lines(fd_.get(), offset_, lines, file_);
  if (!text || lines == 0) return text;
  const std::filesystem::path before = file_.string() + ".1";
  const detail::unique_fd fd(::open(before.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return text;
  if (::fstat(fd.get(), &seen) == 0) {
    if (auto older = last_lines(fd.get(), static_cast<std::uint64_t>(seen.st_size), lines, before)) text->insert(0, *older);
  }
  return text;
}

result<std::string> log_reader::more() {
  if (!fd_ && !open_current()) {
    if (errno == ENOENT) return std::string();
    return fail(last_error(file_));
  }
  const bool rotated = !is_present_part();  // before it is read: then nothing comes after what is its end
  auto text = read_at(fd_.get(), offset_, block, file_);
  if (!text) return text;
  offset_ += text->size();
  return text->empty() && rotated ? next_part() : text;
}

bool log_reader::is_present_part() const {
  const auto ours = seen_of(fd_.get());
  return ours && is_at(file_, *ours);
}

// The part behind ours, which is read to its end: the present one if ours is the one before, the one before if ours has been removed since.
result<std::string> log_reader::next_part() {
  const auto ours = seen_of(fd_.get());
  if (!ours) return std::string();
  const std::filesystem::path before = file_.string() + ".1";
  detail::unique_fd next(::open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  bool gap = false;
  if (!is_at(before, *ours)) {
    detail::unique_fd older(::open(before.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    const auto seen = older ? seen_of(older.get()) : std::nullopt;
    if (seen && is_later(*seen, *ours)) {
      next = std::move(older);
      gap = !was_there_at_the_end_of(*ours, *seen);
    }
  }
  if (!next) return std::string();
  fd_ = std::move(next);
  offset_ = 0;
  return gap ? std::string(missing) : more();
}

}  // namespace steward
