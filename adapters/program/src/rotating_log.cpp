// SPDX-License-Identifier: Apache-2.0
#include "steward/program/rotating_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

namespace steward {
namespace {

// By how much a part may grow for a line that has begun in it.
std::uint64_t longest_overrun(std::uint64_t size) noexcept { return std::min<std::uint64_t>(size, std::uint64_t{64} << 10U); }

std::size_t left_of(std::uint64_t size, std::uint64_t written) noexcept { return static_cast<std::size_t>(size > written ? size - written : 0); }

}  // namespace

std::size_t place_to_cut(std::string_view bytes, std::uint64_t written, std::uint64_t size) noexcept {
  const std::size_t room = left_of(size, written);
  if (bytes.size() <= room) return bytes.size();
  const std::size_t before = room == 0 ? std::string_view::npos : bytes.rfind('\n', room - 1);
  if (before != std::string_view::npos) return before + 1;
  const std::string_view most = bytes.substr(0, left_of(size + longest_overrun(size), written));
  const std::size_t after = most.find('\n', room);
  return after == std::string_view::npos ? most.size() : after + 1;
}

void rotating_log::write(std::string_view bytes) noexcept {
  if (options_.file.empty()) return;
  if (fd_ && is_deleted()) fd_.reset();
  bool rotated = false;
  while (!bytes.empty()) {
    if (!fd_ && !open()) return drop(bytes);
    const bool in_vain = std::exchange(rotated, false) && written_ > 0;  // what cannot be put aside goes on: output is worth more than its bound
    const std::size_t line = std::min(bytes.find('\n'), bytes.size() - 1) + 1;
    if (!in_vain && at_line_start_ && written_ > 0 && written_ + line > options_.size) {
      rotate();
      rotated = true;
      continue;
    }
    const std::string_view now = in_vain ? bytes : bytes.substr(0, place_to_cut(bytes, written_, options_.size));
    if (!put(now)) return;
    if (!now.empty()) at_line_start_ = now.ends_with('\n');
    bytes.remove_prefix(now.size());
    if (bytes.empty()) return;
    rotate();
    rotated = true;
  }
}

bool rotating_log::put(std::string_view bytes) noexcept {
  if (unreported_ != 0) {
    char line[96];
    const int length =
        std::snprintf(line, sizeof line, "[steward: %llu bytes of output could not be written]\n", static_cast<unsigned long long>(unreported_));
    if (::write(fd_.get(), line, static_cast<std::size_t>(length)) == length) {
      written_ += static_cast<std::uint64_t>(length);
      unreported_ = 0;
    }
  }
  while (!bytes.empty()) {
    const ssize_t done = ::write(fd_.get(), bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      drop(bytes);
      return false;
    }
    written_ += static_cast<std::uint64_t>(done);
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  trouble_.clear();
  return true;
}

// To be called with the `errno` of what failed.
void rotating_log::drop(std::string_view bytes) noexcept {
  trouble_.assign(errno, std::generic_category());
  dropped_ += bytes.size();
  unreported_ += bytes.size();
}

bool rotating_log::is_deleted() const noexcept {
  struct stat seen{};
  return ::fstat(fd_.get(), &seen) == 0 && seen.st_nlink == 0;
}

bool rotating_log::open() noexcept {
  constexpr mode_t for_owner_and_group = 0640;
  fd_.reset(::open(options_.file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, for_owner_and_group));
  if (!fd_ && errno == ENOENT) {
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(options_.file).parent_path(), ignored);
    fd_.reset(::open(options_.file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, for_owner_and_group));
  }
  struct stat seen{};
  if (!fd_ || ::fstat(fd_.get(), &seen) != 0) return false;
  written_ = static_cast<std::uint64_t>(seen.st_size);
  at_line_start_ = written_ == 0;
  return true;
}

// Oldest first, so that each finds its new name free. To rename over the oldest would do as well, but then ext4 and others first bring all of the new
// part to the disk, at once: that halves what a program can write.
void rotating_log::rotate() noexcept {
  fd_.reset();
  try {
    const std::string& name = options_.file;
    const auto part_name = [&name](unsigned part) { return part == 0 ? name : name + "." + std::to_string(part); };
    const unsigned last = std::max(options_.parts, 1U) - 1;
    (void)::unlink(part_name(last).c_str());
    for (unsigned part = last; part > 0; --part) (void)std::rename(part_name(part - 1).c_str(), part_name(part).c_str());
  } catch (...) {
    return;  // without memory for a name
  }
}

}  // namespace steward
