// SPDX-License-Identifier: Apache-2.0
//
// What the texts of errors and of failures share.
#pragma once

#include <string>
#include <string_view>

namespace steward::detail {

/// Appends a text that others gave, so that it stays on one line: its line breaks are shown as `\n` and `\r`.
inline void append_on_one_line(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else
      out += c;
  }
}

}  // namespace steward::detail
