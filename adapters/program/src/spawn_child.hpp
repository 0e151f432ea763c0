// SPDX-License-Identifier: Apache-2.0
//
// The part of a spawn that runs in the child, on borrowed memory.
#pragma once

#include "steward/program/launch.hpp"

#include <cstdint>

namespace steward::detail {

/// All that the child needs, made by the parent, and where it says what went wrong.
struct child_plan {
  const char* path = nullptr;
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  const char* directory = nullptr;
  int output = -1;  ///< the pipe's end to write to; at least 3
  bool own_session = true;
  bool set_open_files = false;
  std::uint64_t open_files[2] = {0, 0};  ///< soft and hard, as the kernel's `rlimit64`

  char stat[512] = {};  ///< what it reads from its own /proc/self/stat, as far as it needs
  launch_stage failed_stage = launch_stage::exec;
  const char* failed_on = "";  ///< what was asked for, if the stage alone does not say it
  int failed_with = 0;         ///< an errno; 0 if the program was executed
};

/// What `clone` calls in the child; `plan` is a `child_plan`. Returns only in failure.
int run_child(void* plan) noexcept;

}  // namespace steward::detail
