// SPDX-License-Identifier: Apache-2.0
//
// Who is still running.
#pragma once

#include "steward/context.hpp"

#include <string>
#include <vector>

namespace steward {

/// Something with a name, a process or a named run, that has not ended.
struct straggler {
  std::string path;       ///< its name, after those of what it runs in: `app/http`
  bool innermost = true;  ///< nothing with a name runs inside it: this is who the others wait for

  friend bool operator==(const straggler&, const straggler&) = default;
};

/// What runs under `ctx` at this instant, by name; who runs inside others comes after them. A process without a name shows as `?`.
///
/// Shape: what runs inside what is told by the contexts. A stage of a chain runs inside the stages before it.
/// Threads: any; nothing is stopped. `ctx` outlives the call.
/// Errors: throws `std::bad_alloc`.
/// Cost: linear in the number of names, with the lock of each process held while it is looked at: for reports, not for the usual path. Recursive
/// where processes run inside processes.
[[nodiscard]] std::vector<straggler> stragglers(const context& ctx);

}  // namespace steward
