// SPDX-License-Identifier: Apache-2.0
//
// An outcome that nobody looks at is a failure that nobody sees.
// REFUSED: nodiscard|unused-result
// ONLY: Clang
#include "steward/task.hpp"

steward::task<> flush() { co_return {}; }

steward::task<> close() {
#ifdef STEWARD_WRONG
  co_await flush();
#endif
  co_return co_await flush();
}
