// SPDX-License-Identifier: Apache-2.0
#include "listen.hpp"

#include "client.hpp"
#include "text.hpp"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace steward {
namespace {

using boost::asio::local::stream_protocol;

// Whether the way is free, after a dead socket has been taken out of it.
result<> clear_way(boost::asio::io_context& io, const std::string& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) return {};
  if (!S_ISSOCK(info.st_mode))
    return fail(error(fmt::format("{} exists and is not a socket; move it away, or name another with --socket", printable(path))));
  stream_protocol::socket probe(io);
  boost::system::error_code failed;
  probe.connect(stream_protocol::endpoint(path), failed);
  if (!failed) return fail(error(fmt::format("another process listens at {}; name another socket with --socket", printable(path))));
  if (failed != boost::asio::error::connection_refused) return fail(error(fmt::format("{}: {}", printable(path), failed.message())));
  ::unlink(path.c_str());
  return {};
}

}  // namespace

result<stream_protocol::acceptor> listen_at(boost::asio::io_context& io, const std::string& path) {
  if (auto usable = check_socket_path(path); !usable) return fail(std::move(usable.error()));
  if (auto clear = clear_way(io, path); !clear) return fail(std::move(clear.error()));
  stream_protocol::acceptor acceptor(io);
  boost::system::error_code failed;
  acceptor.open(stream_protocol(), failed);
  // The mask, and not a later chmod: at no time may anybody else connect. Nothing else of this process makes files just now.
  const mode_t mask = ::umask(0177);
  if (!failed) acceptor.bind(stream_protocol::endpoint(path), failed);
  ::umask(mask);
  if (!failed) acceptor.listen(boost::asio::socket_base::max_listen_connections, failed);
  if (failed) return fail(error(fmt::format("cannot listen at {}: {}", printable(path), failed.message())));
  return acceptor;
}

}  // namespace steward
