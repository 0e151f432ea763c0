// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/service.hpp"

#include <chrono>

namespace steward {

/// Its limits are out of reach unless a test is about them.
[[nodiscard]] inline service_options named_app(std::chrono::nanoseconds graceful = std::chrono::hours(1),
                                               std::chrono::nanoseconds forced = std::chrono::hours(1)) {
  service_options options;
  options.name = "app";
  options.graceful = graceful;
  options.forced = forced;
  return options;
}

}  // namespace steward
