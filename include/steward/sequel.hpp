// SPDX-License-Identifier: Apache-2.0
//
// What follows the end of an incarnation.
#pragma once

namespace steward {

/// What follows the end of an incarnation. Said while it lives, by whoever makes it end; else its policy says.
enum class sequel : unsigned char {
  by_policy,    ///< it ends by itself: its restart policy says
  start_again,  ///< at once, from the row as it is then
  with_group,   ///< it comes up again with its group
  stopped,      ///< it stays down: somebody wants that
  gave_up,      ///< it stays down for this generation: its group has used up its budget
};

/// Whether somebody has said so who is no policy, neither its own nor that of its group.
[[nodiscard]] constexpr bool is_ordered(sequel what) noexcept { return what != sequel::by_policy && what != sequel::with_group; }

/// What is known when an incarnation has ended.
struct sequel_facts {
  sequel said = sequel::by_policy;
  bool for_good = false;  ///< the run of its manager ends, or its row is gone
  bool awaited = false;   ///< it was started by hand and never became ready: what follows is for whoever waits for that to say
};

/// Decides what follows an end. Pure.
[[nodiscard]] constexpr sequel decide_sequel(const sequel_facts& facts) noexcept {
  if (facts.for_good) return sequel::stopped;
  return facts.said == sequel::by_policy && facts.awaited ? sequel::stopped : facts.said;
}

}  // namespace steward
