// SPDX-License-Identifier: Apache-2.0
//
// What /proc/PID/stat says of a process.
#pragma once

#include "steward/result.hpp"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace steward::detail {

struct proc_stat {
  char state = 0;  ///< `R`, `S`, `Z`, …
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  std::uint64_t start_time = 0;  ///< clock ticks after boot
};

/// Shape: the file's content; its second field, the program's name, may contain anything, parentheses and line breaks too.
[[nodiscard]] std::optional<proc_stat> parse_proc_stat(std::string_view text) noexcept;

/// Errors: `std::errc::no_such_process` when there is none.
[[nodiscard]] result<proc_stat> read_proc_stat(pid_t pid);

/// The first 1,024 bytes of a file.
[[nodiscard]] result<std::string> read_small_file(const char* path);

}  // namespace steward::detail
