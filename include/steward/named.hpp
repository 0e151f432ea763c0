// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/runnable.hpp"

#include <string>

namespace steward {

/// The same runnable with a name: its errors come out as `NAME: …` (N1), matchable as before (N2), and while it runs it is listed by name among those
/// who have not ended.
[[nodiscard]] runnable named(std::string name, runnable what);

}  // namespace steward
