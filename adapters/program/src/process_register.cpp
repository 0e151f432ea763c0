// SPDX-License-Identifier: Apache-2.0
#include "steward/program/process_register.hpp"

#include "steward/program/detail/system_error.hpp"
#include "steward/program/detail/wire.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <map>
#include <optional>
#include <string_view>

namespace steward {
namespace {

constexpr std::uint8_t present_form = 1;
constexpr std::uint64_t never_long = std::uint64_t{1} << 20U;
constexpr std::uint64_t long_times = 4;
constexpr mode_t for_owner = 0600;

/// As a text, length first, that contains the fields.
std::string to_bytes(const registered_process& entry) {
  std::string fields;
  detail::wire_writer into(fields);
  into.u8(present_form);
  into.text(entry.key);
  into.text(entry.identity.boot_id);
  into.u32(static_cast<std::uint32_t>(entry.identity.pid));
  into.u64(entry.identity.start_time);
  into.text(entry.note);
  std::string bytes;
  detail::wire_writer(bytes).text(fields);
  return bytes;
}

std::optional<registered_process> to_entry(std::string_view fields) {
  detail::wire_reader from(fields);
  if (from.u8() != present_form) return std::nullopt;
  registered_process entry;
  entry.key = from.text();
  entry.identity.boot_id = from.text();
  entry.identity.pid = static_cast<pid_t>(from.u32());
  entry.identity.start_time = from.u64();
  entry.note = from.text();
  if (!from.ok()) return std::nullopt;
  return entry;
}

result<std::string> read_whole(int fd, const std::string& name) {
  constexpr std::size_t step = std::size_t{64} << 10U;
  std::string bytes;
  for (;;) {
    const auto before = bytes.size();
    bytes.resize(before + step);
    const ssize_t got = ::pread(fd, bytes.data() + before, step, static_cast<off_t>(before));
    if (got < 0) return detail::system_failure(errno, name);
    bytes.resize(before + static_cast<std::size_t>(got));
    if (got == 0) return bytes;
  }
}

}  // namespace

struct process_register::content {
  std::map<std::string, registered_process> last;
  std::uint64_t whole = 0;  // bytes before what was left half written
};

// What cannot be read is not empty: whoever took it for that would drop what protects those that live.
auto process_register::content_of(int fd) const -> result<content> {
  const auto bytes = read_whole(fd, file_.string());
  if (!bytes) return fail(bytes.error());
  content found;
  detail::wire_reader from(*bytes);
  for (;;) {
    const std::string fields = from.text();
    auto entry = from.ok() ? to_entry(fields) : std::nullopt;
    if (!entry) return found;
    found.whole += sizeof(std::uint32_t) + fields.size();
    found.last.insert_or_assign(entry->key, std::move(*entry));
  }
}

auto process_register::read_all() const -> result<content> {
  if (fd_) return content_of(fd_.get());
  const detail::unique_fd file(::open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file) return content_of(file.get());
  if (errno == ENOENT) return content();
  return detail::system_failure(errno, file_.string());
}

result<> process_register::open() {
  if (fd_) return {};
  detail::unique_fd file(::open(file_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, for_owner));
  if (!file) return detail::system_failure(errno, file_.string());
  const auto found = content_of(file.get());
  if (!found) return fail(found.error());
  if (::ftruncate(file.get(), static_cast<off_t>(found->whole)) != 0) return detail::system_failure(errno, file_.string());
  fd_ = std::move(file);
  size_ = found->whole;
  return {};
}

result<> process_register::append(const std::string& bytes) {
  const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
  if (written == static_cast<ssize_t>(bytes.size())) {
    size_ += bytes.size();
    return {};
  }
  const int why = written < 0 ? errno : ENOSPC;
  if (written > 0 && ::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0) fd_.reset();  // the next one to open it tries again
  return detail::system_failure(why, file_.string());
}

result<> process_register::add(const registered_process& entry) {
  if (auto opened = open(); !opened) return opened;
  return append(to_bytes(entry));
}

result<std::vector<registered_process>> process_register::read() const {
  auto found = read_all();
  if (!found) return fail(std::move(found.error()));
  std::vector<registered_process> all;
  for (auto& [key, entry] : found->last) all.push_back(std::move(entry));
  return all;
}

result<> process_register::keep_only(const std::set<std::string, std::less<>>& keys) {
  const auto found = read_all();
  if (!found) return fail(found.error());
  std::string kept;
  for (const auto& [key, entry] : found->last)
    if (keys.contains(key)) kept += to_bytes(entry);
  if (kept.empty()) {
    if (::unlink(file_.c_str()) != 0 && errno != ENOENT) return detail::system_failure(errno, file_.string());
    fd_.reset();
    size_ = kept_ = 0;
    return {};
  }
  // Beside it and then in its place: who is killed in between leaves one that is whole.
  process_register next(file_.string() + ".new");
  (void)::unlink(next.file_.c_str());
  if (auto opened = next.open(); !opened) return opened;
  if (auto written = next.append(kept); !written) return written;
  if (::rename(next.file_.c_str(), file_.c_str()) != 0) return detail::system_failure(errno, file_.string());
  fd_ = std::move(next.fd_);
  size_ = kept_ = next.size_;
  return {};
}

bool process_register::is_long() const noexcept { return size_ > never_long && size_ > long_times * kept_; }

}  // namespace steward
