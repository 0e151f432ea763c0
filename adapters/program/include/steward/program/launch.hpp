// SPDX-License-Identifier: Apache-2.0
//
// A program spec made ready for the kernel: looked up, merged, checked.
#pragma once

#include "steward/program/spec.hpp"
#include "steward/result.hpp"

#include <string>
#include <vector>

namespace steward {

/// What `execve` needs, with nothing left to look up or to merge.
struct launch {
  std::string path;                      ///< the executable; one that is relative is so to `directory`
  std::vector<std::string> arguments;    ///< argv, at least one
  std::vector<std::string> environment;  ///< the whole of it, as `NAME=value`
  std::string directory;                 ///< absolute

  friend bool operator==(const launch&, const launch&) = default;
};

/// The steps of a start. A failed one begins its text with its name: `resolve`, `directory`, `limits`, `exec`.
enum class launch_stage : unsigned char { resolve, directory, limits, exec };

/// `"resolve"`, `"directory"`, `"limits"`, `"exec"`. Static storage.
[[nodiscard]] std::string_view to_string(launch_stage stage) noexcept;

/// Merges the environment with this process's own and looks the executable up in the `PATH` of the result.
/// Shape: a name with a slash is not looked up; whether it is there is found out by starting it. A relative `directory` is one below this process's.
/// Errors: of stage `resolve`: `resolve foo: not found in PATH (/usr/bin:/bin)`, `resolve foo: /usr/bin/foo: Permission denied`.
[[nodiscard]] result<launch> prepare(const program_spec& spec);

}  // namespace steward
