// SPDX-License-Identifier: Apache-2.0
//
// The same where it would be written most naturally: in the call of run.
// REFUSED: cannot bind|no matching|no viable conver
#include "steward/runnable.hpp"

steward::task<> start(steward::context& ctx, steward::runnable& part) {
  auto ready = [](steward::context&) -> steward::task<> { co_return {}; };
  auto outcome = co_await part.run(ctx, ready);
#ifdef STEWARD_WRONG
  outcome = co_await part.run(ctx, [](steward::context&) -> steward::task<> { co_return {}; });
#endif
  co_return outcome;
}
