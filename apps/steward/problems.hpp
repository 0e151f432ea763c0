// SPDX-License-Identifier: Apache-2.0
//
// Collects everything that is wrong with one input, each with its place, so that a user sees all of it at once.
#pragma once

#include "steward/error.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace steward {

/// Where something stands in a file, from 1.
struct source_position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  friend auto operator<=>(const source_position&, const source_position&) = default;
};

/// Where each key path (`unit.web.stop.signal`, `unit.web.after[1]`) stands in a file.
using source_map = std::map<std::string, source_position, std::less<>>;

/// Everything that is wrong with one input.
class problems {
 public:
  problems() = default;

  /// Problems of a file: each line begins with `file:line:column: `.
  explicit problems(std::string file) : file_(std::move(file)) {}

  void set_place(std::string path, source_position place) { places_.insert_or_assign(std::move(path), place); }

  /// Shape: `path` is a key path, or empty for the whole input; a path without a place of its own takes its nearest parent's.
  void add(std::string_view path, std::string_view what);

  [[nodiscard]] bool empty() const noexcept { return found_.empty(); }

  /// All of them as one error, in the order of the file; `to_tree` prints one a line. Of very many, the first and how many more there are.
  /// Shape: not when empty.
  [[nodiscard]] error to_error() const;

 private:
  [[nodiscard]] source_position place_of(std::string_view path) const;

  std::string file_;
  source_map places_;
  std::multimap<source_position, std::string> found_;  // the first ones: no more than are shown
  std::size_t left_out_ = 0;
};

/// `parent.key`, with the key in quotes where it is not plain.
[[nodiscard]] std::string key_path(std::string_view parent, std::string_view key);

/// `parent[index]`.
[[nodiscard]] std::string item_path(std::string_view parent, std::size_t index);

}  // namespace steward
