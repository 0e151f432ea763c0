// SPDX-License-Identifier: Apache-2.0
//
// The program that is killed: edits a table without end, and says on stdout what it is about to do and what it was told is done.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace steward::test {

/// What a key should hold: the number that its value begins with, and what is wanted. Empty: no row.
using expected_state = std::string;

struct intended {
  std::string key;
  expected_state state;

  friend bool operator==(const intended&, const intended&) = default;
};

/// One line of what the writer says: `open`, `will ID KEY=STATE …`, or `done ID`.
struct said {
  enum class what : unsigned char { open, will, done, failed } what;
  std::uint64_t id = 0;
  std::vector<intended> changes;
  std::string text;
};

[[nodiscard]] said parse(const std::string& line);

/// Runs the writer; returns the exit code.
[[nodiscard]] int write_until_killed(const std::filesystem::path& file, std::uint64_t seed);

}  // namespace steward::test
