// SPDX-License-Identifier: Apache-2.0
//
// A callback refers to a named object only: a lambda written in place would be gone before it is called.
// REFUSED: cannot bind|no matching|no viable conver
#include "steward/callback.hpp"

steward::task<> when_ready(steward::context&) { co_return {}; }

void make() {
  auto named = [](steward::context& ctx) { return when_ready(ctx); };
  [[maybe_unused]] const steward::callback of_a_name = named;
#ifdef STEWARD_WRONG
  [[maybe_unused]] const steward::callback of_a_temporary = [](steward::context& ctx) { return when_ready(ctx); };
#endif
}
