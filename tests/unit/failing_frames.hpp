// SPDX-License-Identifier: Apache-2.0
//
// Makes allocations of coroutine frames fail, which the library asks for without exceptions.
#pragma once

#include <cstddef>

namespace steward::test {

/// ThreadSanitizer's library defines the operators itself and cannot be linked beside ours, so a test that needs this skips itself there.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool frames_can_fail = false;
#else
inline constexpr bool frames_can_fail = true;
#endif
#else
inline constexpr bool frames_can_fail = true;
#endif

/// While it lives, on this thread, the n-th nothrow allocation from now fails, or it and all after it.
class failing_frames {
 public:
  explicit failing_frames(std::size_t nth, bool all_after = false) noexcept;
  failing_frames(const failing_frames&) = delete;
  failing_frames& operator=(const failing_frames&) = delete;
  ~failing_frames();

  /// Whether one has failed.
  [[nodiscard]] bool failed() const noexcept;
};

}  // namespace steward::test
