// SPDX-License-Identifier: Apache-2.0
//
// One connection to the daemon's socket: HTTP in, answers out.
#pragma once

#include "places.hpp"
#include "reply.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <functional>
#include <string>

namespace steward {

/// What the connections of one server have in common.
struct connection_surroundings {
  control& daemon;
  places& followers;  ///< who follows a log or the events stays long
  std::function<void(const std::string&)> warn;
};

/// How much a connection is granted.
enum class welcome : unsigned char {
  full,     ///< requests one after the other, until the other end closes or says nothing for too long
  once,     ///< one request, and no following: others need the descriptor
  refused,  ///< is told that there are too many
};

/// Serves a connection to its end.
/// Stop: an answer that is being sent is finished, within a second; who follows is sent what has come by then, and the end.
[[nodiscard]] task<> serve_connection(context& ctx, boost::asio::local::stream_protocol::socket socket, const connection_surroundings& around,
                                      welcome granted);

}  // namespace steward
