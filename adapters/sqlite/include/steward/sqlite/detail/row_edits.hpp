// SPDX-License-Identifier: Apache-2.0
//
// Which rows of a file were edited: what its watches are told.
#pragma once

#include "steward/sqlite/codec.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace steward::detail {

/// A row of any table of a file.
struct row_name {
  std::string table;
  stored_key key;

  friend bool operator==(const row_name&, const row_name&) = default;
};

/// Some rows by their names, or "it may be any" when there are too many or it cannot be told.
class row_edits {
 public:
  /// More than these are looked at faster by an iteration.
  static constexpr std::size_t most = 1024;

  void add(row_name name) {
    if (names_.size() < most)
      names_.push_back(std::move(name));
    else
      any_ = true;
  }
  void add_any() noexcept { any_ = true; }

  /// Goes back to the first so many; what was added as "any" stays.
  void keep_first(std::size_t count) { names_.resize(count); }

  [[nodiscard]] bool any() const noexcept { return any_; }
  [[nodiscard]] const std::vector<row_name>& names() const noexcept { return names_; }

 private:
  std::vector<row_name> names_;
  bool any_ = false;
};

}  // namespace steward::detail
