// SPDX-License-Identifier: Apache-2.0
//
// The keeper's place in the file system.
#pragma once

#include "steward/detail/unique_fd.hpp"
#include "steward/result.hpp"

#include <string>

namespace steward::detail {

/// Connects to a Unix socket.  Errors: text begins with the path.
[[nodiscard]] result<unique_fd> connect_unix(const std::string& path);

/// Makes the socket at `path`, mode 0600, and listens. A socket that nobody listens at is replaced, anything else is not touched.
/// Errors: `std::errc::address_in_use` when somebody listens there.
/// Threads: of several processes that try at the same time one succeeds.
[[nodiscard]] result<unique_fd> claim_socket(const std::string& path);

/// Removes the socket. To be called before the listener is closed, so that nobody else's is meant.
void give_up_socket(const std::string& path) noexcept;

}  // namespace steward::detail
