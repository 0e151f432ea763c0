// SPDX-License-Identifier: Apache-2.0
//
// Changes of a table that are made together, and what became of each.
#pragma once

#include "steward/table.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace steward {

/// What an edit did to a row. Wire format.
enum class row_change : unsigned char { unchanged, added, changed, removed };

/// `"unchanged"`, `"added"`, `"changed"`, `"removed"`. Static storage.
[[nodiscard]] std::string_view to_string(row_change what) noexcept;

/// What became of one change.
struct edit_outcome {
  row_change what = row_change::unchanged;
  std::uint64_t generation = 0;  ///< of the row as it is now, or was when it was removed; zero if there was none

  friend bool operator==(const edit_outcome&, const edit_outcome&) = default;
};

/// A list of changes, made in this order, all of them or none.
///
///     table_edit<std::string, unit> edit;
///     edit.put("web", web).erase("old");
///     auto outcomes = co_await units.edit(ctx, std::move(edit));
template <class Key, class Value>
class table_edit {
 public:
  struct change {
    Key key;
    std::optional<Value> value;             // empty: the value stays
    std::optional<steward::wanted> wanted;  // empty: what is wanted stays; neither: the row is removed
  };

  /// Adds or replaces a row. Without `what`, a new row is wanted `up`, and one that is there stays wanted as it is.
  table_edit& put(Key key, Value value, std::optional<wanted> what = wanted::up) {
    changes_.push_back(change{std::move(key), std::move(value), what});
    return *this;
  }

  /// Changes what is wanted of a row that is there; it fails with `not_found`, and the whole edit with it, if there is none.
  table_edit& set_wanted(Key key, wanted what) {
    changes_.push_back(change{std::move(key), std::nullopt, what});
    return *this;
  }

  /// Removes a row; one that is not there is `unchanged`.
  table_edit& erase(Key key) {
    changes_.push_back(change{std::move(key), std::nullopt, std::nullopt});
    return *this;
  }

  [[nodiscard]] const std::vector<change>& changes() const noexcept { return changes_; }

 private:
  std::vector<change> changes_;
};

}  // namespace steward
