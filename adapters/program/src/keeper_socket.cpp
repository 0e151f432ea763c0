// SPDX-License-Identifier: Apache-2.0
#include "keeper_socket.hpp"

#include "steward/program/detail/system_error.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

namespace steward::detail {
namespace {

constexpr int queue_length = 16;
constexpr mode_t owner_only = 0177;  // what is taken away

result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    const auto what = path + ": " + std::to_string(path.size()) + " bytes are too long for the path of a socket; at most " +
                      std::to_string(sizeof address.sun_path - 1) + " are possible";
    return fail(error(std::make_error_code(std::errc::filename_too_long), path.empty() ? "the path of the keeper's socket is empty" : what));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

unique_fd make_socket(int flags) noexcept { return unique_fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)); }

/// Held while a socket is looked at and replaced, so that nobody removes what another has just made. A file of our own beside it, which no other
/// user can open and so hold.
result<unique_fd> lock_place_of(const std::string& path) {
  constexpr int attempts = 500;
  constexpr timespec pause{.tv_sec = 0, .tv_nsec = 10'000'000};  // 5 s in all
  const auto file = path + ".lock";
  unique_fd lock(::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock) return system_failure(errno, file);
  for (int attempt = 0; ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0; ++attempt) {
    if ((errno != EINTR && errno != EWOULDBLOCK) || attempt == attempts) return system_failure(errno, file);
    ::nanosleep(&pause, nullptr);
  }
  return lock;
}

/// Removes a socket at which nobody listens.
result<> clear(const std::string& path) {
  const auto reached = connect_unix(path);
  if (reached) return fail(error(std::make_error_code(std::errc::address_in_use), path + ": another keeper listens there"));
  if (reached.error().is(std::make_error_code(std::errc::no_such_file_or_directory))) return {};
  if (!reached.error().is(std::make_error_code(std::errc::connection_refused))) return fail(reached.error());
  struct stat about{};
  if (::lstat(path.c_str(), &about) == 0 && !S_ISSOCK(about.st_mode)) {
    return fail(error(std::make_error_code(std::errc::not_a_socket), path + ": is there and is not a socket; give another path or remove it"));
  }
  if (::unlink(path.c_str()) != 0) return system_failure(errno, path);
  return {};
}

}  // namespace

result<unique_fd> connect_unix(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return fail(address.error());
  auto socket = make_socket(0);
  if (!socket) return system_failure(errno, path);
  const timeval patience{.tv_sec = 5, .tv_usec = 0};  // for a listener that is stopped and whose queue is full
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) return system_failure(errno, path);
  return socket;
}

result<unique_fd> claim_socket(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return fail(address.error());
  const auto lock = lock_place_of(path);
  if (!lock) return fail(lock.error());
  if (auto cleared = clear(path); !cleared) return fail(cleared.error());
  auto listener = make_socket(SOCK_NONBLOCK);
  if (!listener) return system_failure(errno, path);
  const auto before = ::umask(owner_only);
  const bool bound = ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0;
  const int failure = errno;
  ::umask(before);
  if (!bound) return system_failure(failure, path);
  if (::listen(listener.get(), queue_length) != 0) return system_failure(errno, path);
  return listener;
}

void give_up_socket(const std::string& path) noexcept {
  try {
    if (const auto lock = lock_place_of(path)) ::unlink(path.c_str());
  } catch (...) {  // then the next keeper clears it away
  }
}

}  // namespace steward::detail
