// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as what is typed, an argument a line: a command, help, or one line that is safe for a terminal and says what would be right.
#include "command_line.hpp"
#include "require.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> arguments;
  for (std::string_view rest(reinterpret_cast<const char*>(data), size); !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    arguments.emplace_back(line);
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  const auto read = steward::parse_command_line(arguments, std::nullopt, [](const std::string& path) { return path; });
  if (read) return 0;
  const auto& none = read.error();
  require(none.exit_code == 0 ? none.err.empty() : none.exit_code == 2 && none.out.empty());
  require_safe(none.out + none.err);
  require(none.exit_code == 0 || none.err.find('\n') + 1 == none.err.size());
  return 0;
}
