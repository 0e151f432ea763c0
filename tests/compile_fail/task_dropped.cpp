// SPDX-License-Identifier: Apache-2.0
//
// A task that nobody awaits never runs.
// REFUSED: nodiscard|unused-result
#include "steward/task.hpp"

steward::task<> flush() { co_return {}; }

steward::task<> close() {
#ifdef STEWARD_WRONG
  flush();
#endif
  co_return co_await flush();
}
