// SPDX-License-Identifier: Apache-2.0
//
// How it is found out that a program is ready.
#pragma once

#include "steward/task.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <variant>

namespace boost::asio {
class io_context;
}

namespace steward {

class context;

/// Ready as soon as the program could be executed.
struct ready_at_once {
  friend bool operator==(const ready_at_once&, const ready_at_once&) = default;
};

/// Ready when a connection to `host:port` is accepted.
struct ready_by_tcp {
  std::string host;  ///< a name or an address, IPv6 without brackets
  std::uint16_t port = 0;

  friend bool operator==(const ready_by_tcp&, const ready_by_tcp&) = default;
};

/// Ready when a GET of `http://host:port` + `target` is answered with a status from 200 to 399.
struct ready_by_http {
  std::string host;  ///< as in `ready_by_tcp`
  std::uint16_t port = 0;
  std::string target = "/";  ///< begins with `/`; printable ASCII without spaces

  friend bool operator==(const ready_by_http&, const ready_by_http&) = default;
};

/// Ready when the program has run for this long.
struct ready_after {
  std::chrono::nanoseconds delay{0};

  friend bool operator==(const ready_after&, const ready_after&) = default;
};

using readiness = std::variant<ready_at_once, ready_by_tcp, ready_by_http, ready_after>;

/// Is told of a probe that did not find its program ready.
using failed_probe = std::function<void(const std::string& why)>;

/// Waits until a program is ready: asks every 100 ms at first, then less often, up to once a second; each question has 2 s.
/// `told`, if there is one, is given what was probed and how it answered, in one line, whenever that was not ready:
/// `http://127.0.0.1:8080/ answered 404`, `tcp db:5432: connection refused`, `tcp db:5432: no answer`.
/// Stop: at once.  Errors: the stop's, and no other: who is not ready yet is asked again.
[[nodiscard]] task<> wait_until_ready(context& ctx, boost::asio::io_context& io, readiness how, failed_probe told = {});

}  // namespace steward
