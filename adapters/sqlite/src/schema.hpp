// SPDX-License-Identifier: Apache-2.0
//
// What the file looks like inside, by version.
#pragma once

#include <cstdint>
#include <span>

namespace steward::detail {

/// `PRAGMA application_id` of our files: "Stwd".
inline constexpr std::int32_t our_application_id = 0x53747764;

/// What a file says of itself, as far as one has to know before touching it.
struct schema_marks {
  std::int32_t application_id = 0;
  std::int32_t version = 0;  ///< `PRAGMA user_version`
  std::int64_t objects = 0;  ///< tables and the like that it holds
};

enum class schema_verdict : unsigned char { fresh, current, older, newer, foreign };

[[nodiscard]] constexpr schema_verdict judge(const schema_marks& marks, std::int32_t known) noexcept {
  if (marks.application_id != our_application_id) {
    const bool untouched = marks.application_id == 0 && marks.version == 0 && marks.objects == 0;
    return untouched ? schema_verdict::fresh : schema_verdict::foreign;
  }
  if (marks.version < 0 || marks.version > known) return schema_verdict::newer;
  return marks.version == known ? schema_verdict::current : schema_verdict::older;
}

/// The statements that lead from version i to version i + 1. A step that has been released is never changed again.
[[nodiscard]] std::span<const char* const> migrations() noexcept;

/// The version that this program writes.
[[nodiscard]] inline std::int32_t known_version() noexcept { return static_cast<std::int32_t>(migrations().size()); }

}  // namespace steward::detail
