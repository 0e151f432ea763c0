// SPDX-License-Identifier: Apache-2.0
#include "file_events.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <system_error>

namespace steward::detail {

file_events::file_events() noexcept : bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void file_events::ring() noexcept { (void)::eventfd_write(bell_.get(), 1); }

void file_events::hush() noexcept {
  eventfd_t rings = 0;
  (void)::eventfd_read(bell_.get(), &rings);
}

// Of the files their content, for commits and for what is copied over them; of the directory only what comes into it, for what is put in their place.
void file_events::follow(const std::filesystem::path& database) noexcept {
  try {
    std::error_code failure;
    auto file = std::filesystem::canonical(database, failure);
    if (failure) file = database;
    database_name_ = file.filename().string();
    log_name_ = database_name_ + "-wal";
    notifier_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!notifier_) return;
    folder_ = ::inotify_add_watch(notifier_.get(), file.parent_path().c_str(), IN_CREATE | IN_MOVED_TO);
    (void)::inotify_add_watch(notifier_.get(), file.c_str(), IN_MODIFY);
    (void)::inotify_add_watch(notifier_.get(), (file.parent_path() / log_name_).c_str(), IN_MODIFY);
  } catch (...) {  // no memory for a name
    notifier_.reset();
  }
}

file_events::event file_events::wait(std::optional<clock::time_point> until) noexcept {
  using std::chrono::milliseconds;
  const auto left = until ? std::chrono::ceil<milliseconds>(*until - clock::now()) : milliseconds(-1);
  const int patience = until ? static_cast<int>(std::max(left, milliseconds(0)).count()) : -1;
  std::array<pollfd, 2> sources{pollfd{bell_.get(), POLLIN, 0}, pollfd{notifier_.get(), POLLIN, 0}};
  if (::poll(sources.data(), sources.size(), patience) <= 0) return event::none;
  if (sources[0].revents != 0) {
    hush();
    return event::rung;
  }
  return read_events() ? event::touched : event::none;
}

// In a directory that others use too, what they make is none of ours.
bool file_events::read_events() noexcept {
  alignas(inotify_event) std::array<char, 4096> buffer{};
  bool touched = false;
  for (;;) {
    const auto size = ::read(notifier_.get(), buffer.data(), buffer.size());
    if (size <= 0) return touched;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event seen{};
      std::memcpy(&seen, &buffer[at], sizeof(seen));
      at += sizeof(seen);
      const std::string_view name = seen.len == 0 ? "" : &buffer[at];
      touched = touched || seen.wd != folder_ || name == database_name_ || name == log_name_;
      at += seen.len;
    }
  }
}

}  // namespace steward::detail
