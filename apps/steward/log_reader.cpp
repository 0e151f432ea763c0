// SPDX-License-Identifier: Apache-2.0
#include "log_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

namespace steward {
namespace {

constexpr std::uint64_t largest_tail = std::uint64_t{64} << 20U;
constexpr std::size_t block = std::size_t{256} << 10U;

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
  auto text = read_at(fd_.get(), offset_, block, file_);
  if (!text) return text;
  offset_ += text->size();
  if (!text->empty()) return text;
  struct stat open_one{};
  struct stat named{};
  const bool rotated = ::fstat(fd_.get(), &open_one) == 0 && ::stat(file_.c_str(), &named) == 0 && open_one.st_ino != named.st_ino;
  if (!rotated) return text;
  if (!open_current()) return std::string();
  return more();
}

}  // namespace steward
