// SPDX-License-Identifier: Apache-2.0
//
// What is done about a row, for each state and whatever else is known of its key.
#include "steward/reconcile.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace steward {
namespace {

using enum row_state;
constexpr auto nothing = row_action::nothing;
constexpr auto start = row_action::start;
constexpr auto edit = row_action::edit;
constexpr auto restart = row_action::restart;
constexpr auto stop = row_action::stop;

TEST(RowDecision, IsATableOfStates) {
  struct line {
    row_facts known;
    row_action down, same, edited;
  };
  const std::vector<line> lines{
      {{.state = waiting}, stop, nothing, start},
      {{.state = starting}, stop, nothing, edit},
      {{.state = running}, stop, nothing, edit},
      {{.state = stopping}, stop, nothing, restart},
      {{.state = backoff}, stop, nothing, start},
      {{.state = stopped}, nothing, start, start},
      {{.state = completed}, stop, nothing, start},
      {{.state = gave_up}, stop, nothing, start},
      {{.state = abandoned}, stop, nothing, restart},
      // What is read for a start counts.
      {{.state = starting, .reading = true}, stop, nothing, nothing},
      // One that is lost keeps it down, but for an edit.
      {{.state = stopped, .parked = true}, nothing, nothing, start},
      {{.state = stopping, .parked = true, .follows = sequel::stopped}, stop, nothing, restart},
      {{.state = abandoned, .parked = true, .follows = sequel::stopped}, stop, nothing, restart},
      // What has been said to follow stands, but for what was stopped: the row wants it.
      {{.state = stopping, .follows = sequel::stopped}, stop, restart, restart},
      {{.state = abandoned, .follows = sequel::stopped}, stop, restart, restart},
      {{.state = stopping, .follows = sequel::start_again}, stop, nothing, restart},
      {{.state = stopping, .follows = sequel::with_group}, stop, nothing, restart},
      {{.state = stopping, .follows = sequel::gave_up}, stop, nothing, restart},
      {{.state = backoff, .follows = sequel::with_group}, stop, nothing, start},
  };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const line& each = lines[i];
    EXPECT_EQ(decide_row(each.known, wanted::down, false), each.down) << "line " << i;
    EXPECT_EQ(decide_row(each.known, wanted::down, true), each.down) << "line " << i;
    EXPECT_EQ(decide_row(each.known, wanted::up, false), each.same) << "line " << i;
    EXPECT_EQ(decide_row(each.known, wanted::up, true), each.edited) << "line " << i;
  }
}

}  // namespace
}  // namespace steward
