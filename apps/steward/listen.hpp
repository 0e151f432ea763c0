// SPDX-License-Identifier: Apache-2.0
//
// A Unix socket to listen on, made without ever harming what stands at its path.
#pragma once

#include "steward/result.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <string>

namespace steward {

/// Listens at `path`, mode 0600. A socket that nobody listens on any more is replaced.
/// Errors: one line with the path: another process listens there, it is no socket, it is too long, it cannot be made.
[[nodiscard]] result<boost::asio::local::stream_protocol::acceptor> listen_at(boost::asio::io_context& io, const std::string& path);

}  // namespace steward
