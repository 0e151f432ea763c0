// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/detail/alarm.hpp"
#include "steward/restart_policy.hpp"

#include <string>
#include <vector>

namespace steward::detail {

/// Entries that may go down and come up together.
template <class Entry>
struct entry_group {
  std::string name;
  std::vector<Entry*> members;
  std::vector<Entry*> pending;  // those that are started again together, when the time has come and none of them lives any more
  restart_history history;
  instant until{};
  alarm<entry_group>* timer = nullptr;
  bool deciding = false;  // nobody is started before it is clear who goes down
};

}  // namespace steward::detail
