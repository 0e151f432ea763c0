// SPDX-License-Identifier: Apache-2.0
//
// What it takes to start an operating system program.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace steward {

/// An executable with all that it is started with. Never goes through a shell: to use one, name it (`{"/bin/sh", "-c", "…"}`).
struct program_spec {
  std::vector<std::string> command;                ///< argv; the first is a path, or a name that is looked up in `PATH` of `environment`
  std::string directory;                           ///< working directory; empty: the one of the spawner
  std::map<std::string, std::string> environment;  ///< added to the spawner's own, replacing what has the same name

  friend bool operator==(const program_spec&, const program_spec&) = default;
};

}  // namespace steward
