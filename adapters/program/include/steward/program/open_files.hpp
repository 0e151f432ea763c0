// SPDX-License-Identifier: Apache-2.0
//
// The limit of open files: high for who holds many descriptors, as it was for the programs that it starts.
#pragma once

#include <cstdint>
#include <optional>

namespace steward {

/// Raises this process's soft limit of open files to the hard one. Programs started later get the one from before: those that use `select` break with
/// a high one.  Threads: any.
void raise_open_files() noexcept;

/// The soft limit from before `raise_open_files`; empty if that was never called.
[[nodiscard]] std::optional<std::uint64_t> open_files_before() noexcept;

}  // namespace steward
