// SPDX-License-Identifier: Apache-2.0
//
// The same for an operation that is no coroutine.
// REFUSED: nodiscard|unused-result
#include "steward/result.hpp"

[[nodiscard]] steward::result<> flush() { return {}; }

steward::result<> close() {
#ifdef STEWARD_WRONG
  flush();
#endif
  return flush();
}
