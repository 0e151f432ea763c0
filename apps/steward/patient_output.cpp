// SPDX-License-Identifier: Apache-2.0
#include "patient_output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>

namespace steward {
namespace {

// A pipe that is ready takes so much at once, by its contract; a terminal, by experience.
constexpr std::size_t little = std::min<std::size_t>(PIPE_BUF, 1024);

bool has_room(int fd) {
  pollfd asked{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&asked, 1, 0) == 1;  // an error is an answer too: the write will tell it
}

}  // namespace

patient_output::patient_output(int fd) : fd_(fd) {
  struct stat info{};
  if (::fstat(fd, &info) != 0 || S_ISREG(info.st_mode)) return;
  if (S_ISSOCK(info.st_mode)) {
    way_ = way::sent;
    return;
  }
  reopened_.reset(::open(fmt::format("/proc/self/fd/{}", fd).c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!reopened_) way_ = way::little_by_little;
}

void patient_output::write(std::string_view text) {
  kept_ += text;
  flush();
}

bool patient_output::flush() {
  std::size_t written = 0;
  while (written < kept_.size()) {
    const long count = put(std::string_view(kept_).substr(written));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK) written = kept_.size();
    if (count <= 0) break;
    written += static_cast<std::size_t>(count);
  }
  kept_.erase(0, written);
  if (kept_.empty()) std::string().swap(kept_);  // the first drawing, of all units, is the largest by far
  return kept_.empty();
}

long patient_output::put(std::string_view text) const {
  if (way_ == way::sent) return ::send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (way_ == way::as_it_is) return ::write(reopened_ ? reopened_.get() : fd_, text.data(), text.size());
  if (has_room(fd_)) return ::write(fd_, text.data(), std::min(text.size(), little));
  errno = EAGAIN;
  return -1;
}

}  // namespace steward
