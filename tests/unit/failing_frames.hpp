// SPDX-License-Identifier: Apache-2.0
//
// Makes allocations of coroutine frames fail, which the library asks for without exceptions.
#pragma once

#include <cstddef>

namespace steward::test {

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
