// SPDX-License-Identifier: Apache-2.0
//
// A coroutine says how it went on every path.
// REFUSED: return-type
// ONLY: Clang
#include "steward/task.hpp"

steward::task<int> choose(bool one) {
  if (one) co_return 1;
#ifndef STEWARD_WRONG
  co_return 2;
#endif
}
