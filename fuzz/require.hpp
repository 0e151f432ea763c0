// SPDX-License-Identifier: Apache-2.0
//
// What every fuzzer demands.
#pragma once

#include "text.hpp"

#include <cstdlib>
#include <string_view>

/// Aborts unless it holds, in every build.
inline void require(bool holds) {
  if (!holds) std::abort();
}

/// Aborts if a terminal would take it for more than lines of text.
inline void require_safe(std::string_view text) {
  while (!text.empty()) {
    const steward::character first = steward::first_character(text);
    require(first.valid && (first.point == '\n' || !steward::is_control(first.point)));
    text.remove_prefix(first.bytes);
  }
}
