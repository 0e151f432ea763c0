// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/context.hpp"
#include "steward/detail/roster.hpp"

namespace steward::detail {

/// Lists a named run in the domain of its context for as long as it lives.
class running_name final : private roster_entry {
 public:
  running_name(context& ctx, const char* name) noexcept;
  ~running_name();
};

}  // namespace steward::detail
