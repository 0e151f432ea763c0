// SPDX-License-Identifier: Apache-2.0
//
// What every fuzzer demands.
#pragma once

#include <cstdlib>
#include <string_view>

/// Aborts unless it holds, in every build.
inline void require(bool holds) {
  if (!holds) std::abort();
}

/// Aborts if a terminal would take it for more than lines of text.
inline void require_safe(std::string_view text) {
  for (const char c : text) require(c == '\n' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7f'));
}
