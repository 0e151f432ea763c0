// SPDX-License-Identifier: Apache-2.0
#include "failing_frames.hpp"

#include <new>

namespace {

thread_local constinit std::size_t until_failure = 0;  // zero: never
thread_local constinit bool for_ever = false;
thread_local constinit bool has_failed = false;

bool fails_now() noexcept {
  if (has_failed && for_ever) return true;
  if (until_failure == 0 || --until_failure != 0) return false;
  has_failed = true;
  return true;
}

}  // namespace

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define STEWARD_KEEP_OPERATOR_NEW
#endif
#endif

#ifdef STEWARD_KEEP_OPERATOR_NEW
[[maybe_unused]] constexpr auto unused = &fails_now;
#else
// The ordinary operator does the work, so that whatever else replaces or watches it goes on doing so.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  if (fails_now()) return nullptr;
  try {
    return ::operator new(size);
  } catch (...) {
    return nullptr;
  }
}
#endif

namespace steward::test {

failing_frames::failing_frames(std::size_t nth, bool all_after) noexcept {
  until_failure = nth;
  for_ever = all_after;
  has_failed = false;
}

failing_frames::~failing_frames() {
  until_failure = 0;
  for_ever = has_failed = false;
}

bool failing_frames::failed() const noexcept { return has_failed; }

}  // namespace steward::test
