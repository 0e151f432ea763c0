// SPDX-License-Identifier: Apache-2.0
//
// What cannot be run is no runnable: the mistake is reported where it is made, not inside the library.
// REFUSED: no viable conver|no matching|[Cc]ould not convert|requested
#include "steward/runnable.hpp"

steward::task<> serve(steward::context& ctx, steward::callback ready) { co_return co_await ready(ctx); }
[[maybe_unused]] int not_a_run(steward::context&, steward::callback) { return 0; }

void make() {
  [[maybe_unused]] const steward::runnable right = serve;
#ifdef STEWARD_WRONG
  [[maybe_unused]] const steward::runnable wrong = not_a_run;
#endif
}
