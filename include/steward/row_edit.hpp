// SPDX-License-Identifier: Apache-2.0
//
// What an edit of a row asks of what lives of it.
#pragma once

#include "steward/instant.hpp"

#include <chrono>
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

/// Until when a stop that is under way may take after an edit of its limit: it may be shortened, and never lasts longer than it was given first.
/// Pure.
/// Shape: `asked_at` is when it was asked to stop; `until` the instant at which it is forced, zero for never; a `limit` of zero or less is none.
[[nodiscard]] constexpr instant stop_until(instant asked_at, instant until, std::chrono::nanoseconds limit) noexcept {
  if (limit.count() <= 0) return until;
  const instant now_until = later(asked_at, limit);
  return until == instant{} || now_until < until ? now_until : until;
}

}  // namespace steward
