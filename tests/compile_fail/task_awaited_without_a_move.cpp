// SPDX-License-Identifier: Apache-2.0
//
// A task is awaited once: a named one has to be moved into its co_await, and the move says so.
// REFUSED: co_await|awai
#include "steward/task.hpp"

steward::task<int> read() { co_return 1; }

steward::task<int> twice() {
  auto named = read();
#ifdef STEWARD_WRONG
  auto first = co_await named;
#endif
  co_return co_await std::move(named);
}
