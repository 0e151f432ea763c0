// SPDX-License-Identifier: Apache-2.0
#include "listen.hpp"

#include "client.hpp"
#include "text.hpp"

#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace steward {
namespace {

using boost::asio::local::stream_protocol;

error taken(const std::string& path) {
  return error(fmt::format("another process listens at {}; name another socket with --socket", printable(path)));
}

error cannot_listen(const std::string& path, int number) {
  return error(fmt::format("cannot listen at {}: {}", printable(path), std::generic_category().message(number)));
}

// Somebody may have removed the file between our opening and our locking it; then the lock is on a file that nobody else will find.
bool still_at(const std::string& file, int fd) {
  struct stat here{};
  struct stat there{};
  return ::fstat(fd, &here) == 0 && ::stat(file.c_str(), &there) == 0 && here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

// Why a connection is refused; zero if it is not. Never waits: one whose queue of connections is full lives, too.
int refusal(const stream_protocol::endpoint& at) {
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (probe < 0) return errno;
  const int why = ::connect(probe, at.data(), static_cast<socklen_t>(at.size())) == 0 ? 0 : errno;
  ::close(probe);
  return why == EAGAIN || why == EINPROGRESS ? 0 : why;
}

// Whether the way is free, after a dead socket has been taken out of it.
result<> clear_way(const std::string& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) return {};
  if (!S_ISSOCK(info.st_mode))
    return fail(error(fmt::format("{} exists and is not a socket; move it away, or name another with --socket", printable(path))));
  const int why = refusal(stream_protocol::endpoint(path));
  if (why == 0) return fail(taken(path));
  if (why != ECONNREFUSED) return fail(cannot_listen(path, why));
  ::unlink(path.c_str());
  return {};
}

}  // namespace

result<socket_claim> socket_claim::acquire(const std::string& socket) {
  const std::string file = socket + ".lock";
  for (;;) {
    // Not blocking: a FIFO at this path would otherwise hold us here.
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, S_IRUSR | S_IWUSR);
    if (fd < 0) return fail(cannot_listen(file, errno));
    const int why = ::flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
    if (why == 0 && still_at(file, fd)) return socket_claim(file, fd);
    ::close(fd);
    if (why == EWOULDBLOCK) return fail(taken(socket));
    if (why != 0) return fail(cannot_listen(file, why));
  }
}

socket_claim::~socket_claim() {
  if (fd_ < 0) return;
  ::unlink(file_.c_str());  // while it is locked: who has opened it meanwhile finds out that it is gone
  ::close(fd_);
}

result<listening> listen_at(boost::asio::io_context& io, const std::string& path) {
  if (auto usable = check_socket_path(path); !usable) return fail(std::move(usable.error()));
  auto claim = socket_claim::acquire(path);
  if (!claim) return fail(std::move(claim.error()));
  if (auto clear = clear_way(path); !clear) return fail(std::move(clear.error()));
  stream_protocol::acceptor acceptor(io);
  boost::system::error_code failed;
  acceptor.open(stream_protocol(), failed);
  // The mask, and not a later chmod: at no time may anybody else connect. Nothing else of this process makes files just now.
  const mode_t mask = ::umask(0177);
  if (!failed) acceptor.bind(stream_protocol::endpoint(path), failed);
  ::umask(mask);
  if (!failed) acceptor.listen(boost::asio::socket_base::max_listen_connections, failed);
  if (failed) return fail(cannot_listen(path, failed.value()));
  return listening{std::move(*claim), std::move(acceptor)};
}

}  // namespace steward
