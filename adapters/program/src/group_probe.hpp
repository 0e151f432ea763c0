// SPDX-License-Identifier: Apache-2.0
//
// Nobody tells when the last member of a group ends, so a group that outlived its leader is asked, less and less often.
#pragma once

#include "steward/program/process_group.hpp"

#include <algorithm>
#include <chrono>

namespace steward::detail {

/// The questions to one group, after its leader was reaped.
class group_probe {
 public:
  /// How long to wait before the next question.
  [[nodiscard]] std::chrono::milliseconds pause() const noexcept { return pause_; }

  /// Asks whether nobody of the group is left; the pause grows.
  [[nodiscard]] bool finds_nobody(const group_leader& leader) {
    // Zombies that nobody reaps do not count; finding that out is slow, so it comes when asking has become rare.
    const bool rare = pause_ >= longest;
    pause_ = std::min(2 * pause_, longest);
    return signal_group(leader, 0) == false || (rare && !group_has_living_member(leader.pid));
  }

 private:
  static constexpr std::chrono::milliseconds longest{500};  // a group that stays is asked twice a second, which costs about 1 µs

  std::chrono::milliseconds pause_{5};  // most groups end with their leader, within a few milliseconds
};

}  // namespace steward::detail
