// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

namespace steward::detail {

/// Which rows the table says have changed, and nobody has looked at yet.
template <class Key>
struct manager_hints {
  std::vector<Key> keys;
  bool all = false;     // any row may have
  bool posted = false;  // somebody is on the way to look
};

}  // namespace steward::detail
