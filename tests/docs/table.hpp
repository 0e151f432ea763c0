// SPDX-License-Identifier: Apache-2.0
//
// What docs/table.md takes for granted.
#pragma once

#include <string>

struct unit {
  std::string name;
};

inline const unit web{"web"};
inline const unit worker{"worker"};
