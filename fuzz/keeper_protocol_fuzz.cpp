// SPDX-License-Identifier: Apache-2.0
//
// Bytes of any kind, as the keeper and the daemon would read them from the socket: no crash, and what is understood can be said again.
#include "require.hpp"
#include "steward/program/detail/frame_channel.hpp"
#include "steward/program/detail/keeper_protocol.hpp"

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

using namespace steward::detail;

/// Aborts unless what was decoded comes out the same after it was encoded.
template <class Body, class Decode>
void say_again(std::string_view frame, Decode decode) {
  const auto understood = decode(frame);
  if (!understood) return;
  const auto again = encode(understood->id, understood->body);
  require(decode(std::string_view(again).substr(keeper_frame_prefix)) == understood);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  say_again<request>(bytes, decode_request);
  say_again<reply>(bytes, decode_reply);

  int ends[2];
  require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  const unique_fd sender(ends[0]);
  frame_channel channel(unique_fd(ends[1]), frame_channel::descriptors::keep);
  std::size_t sent = 0;
  while (sent < size) {
    const auto part = bytes.substr(sent, 1 + size / 3);
    require(::send(sender.get(), part.data(), part.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(part.size()));
    sent += part.size();
    require(channel.receive().has_value());
    while (channel.has_frame()) {
      const auto frame = channel.next();
      if (!frame) return 0;  // too long: the connection would be closed
      (void)decode_request(**frame);
      (void)decode_reply(**frame);
    }
  }
  return 0;
}
