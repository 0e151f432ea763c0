// SPDX-License-Identifier: Apache-2.0
//
// Reads the tables of docs/states.md.
#pragma once

#include <cstddef>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace steward::test {

/// The lines of the page between `<!-- begin NAME -->` and `<!-- end NAME -->`, each with its line break.
[[nodiscard]] inline std::string part_of_states_page(const std::string& name) {
  std::ifstream file(std::string(STEWARD_SOURCE_DIR) + "/docs/states.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  const std::string begin = "<!-- begin " + name + " -->\n";
  const std::string end = "<!-- end " + name + " -->";
  const auto from = page.find(begin);
  const auto to = page.find(end);
  if (from == std::string::npos || to == std::string::npos) throw std::runtime_error("docs/states.md has no part \"" + name + '"');
  return page.substr(from + begin.size(), to - from - begin.size());
}

/// The names in backticks in the first `columns` columns of each row of a part, one string a row, joined by a space.
[[nodiscard]] inline std::vector<std::string> names_of_states_page(const std::string& name, std::size_t columns = 1) {
  std::vector<std::string> names;
  const std::string part = part_of_states_page(name);
  for (std::size_t at = 0; at < part.size();) {
    const std::size_t end = part.find('\n', at);
    const std::string line = part.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with("| `")) continue;
    std::string row;
    std::size_t open = 0;
    for (std::size_t column = 0; column < columns; ++column) {
      open = line.find('`', open) + 1;
      const std::size_t close = line.find('`', open);
      row += (column == 0 ? "" : " ") + line.substr(open, close - open);
      open = close + 1;
    }
    names.push_back(row);
  }
  return names;
}

}  // namespace steward::test
