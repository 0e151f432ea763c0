// SPDX-License-Identifier: Apache-2.0
#include "steward/sqlite/table_edit.hpp"

namespace steward {

std::string_view to_string(row_change what) noexcept {
  switch (what) {
    case row_change::unchanged:
      return "unchanged";
    case row_change::added:
      return "added";
    case row_change::changed:
      return "changed";
    case row_change::removed:
      return "removed";
  }
  return "";
}

}  // namespace steward
