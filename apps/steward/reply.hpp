// SPDX-License-Identifier: Apache-2.0
//
// What a request is answered with, before it becomes HTTP. docs/http_api.md lists the statuses.
#pragma once

#include "api.hpp"
#include "steward/task.hpp"

#include <string>
#include <string_view>

namespace steward {

class context;
class control;

/// A status and a JSON body.
struct reply {
  unsigned status = 200;
  std::string body;
  std::string allow = {};  ///< the header `Allow`, where there is one
};

/// A refusal in one line, or in several where several things are wrong.
[[nodiscard]] reply refusal(unsigned status, std::string_view text);

/// What an error is answered with: one that may be over when the same is asked later has 503.
[[nodiscard]] reply reply_of(const error& failure);

/// Asks the daemon. `logs` and `events` are not for here: they are answered with text.
[[nodiscard]] task<reply> answer(context& ctx, control& daemon, api_request request, std::string body);

}  // namespace steward
