// SPDX-License-Identifier: Apache-2.0
#include "steward/testing/run_virtual.hpp"

#include "steward/straggler.hpp"
#include "steward/testing/journal.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace steward::testing::detail {

error report_stuck(const virtual_scheduler& time, const context& root) {
  std::string text = "stuck at " + short_text(time.elapsed());
  text += time.next_timer() ? ": a day has passed" : ": nothing is ready and no timer is pending";
  const char* before = "; not ended: ";
  for (const straggler& each : stragglers(root)) {
    if (!each.innermost) continue;
    text += std::exchange(before, ", ") + each.path;
  }
  ADD_FAILURE() << text;
  return error(text);
}

void keep_for_ever(void* what) {
  static auto& kept = *new std::vector<void*>;
  kept.push_back(what);
}

}  // namespace steward::testing::detail
