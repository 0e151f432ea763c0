// SPDX-License-Identifier: Apache-2.0
//
// What an edit of a row asks of what lives of it.
#pragma once

#include <optional>
#include <string_view>

namespace steward {

/// What an edit of its row asks of a process that lives. Wire format.
enum class row_edit : unsigned char {
  keep,     ///< nothing: it goes on as it is, with the new value
  reload,   ///< it takes the new value while it runs; if it cannot, it is restarted
  restart,  ///< it is stopped, then started from the new value
  replace,  ///< a second one is started from the new value; when that is ready, the first is stopped
};

/// `"keep"`, `"reload"`, `"restart"`, `"replace"`. Static storage.
[[nodiscard]] std::string_view to_string(row_edit kind) noexcept;
[[nodiscard]] std::optional<row_edit> row_edit_from_string(std::string_view text) noexcept;

}  // namespace steward
