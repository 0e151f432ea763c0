// SPDX-License-Identifier: Apache-2.0
//
// Reads a units file: TOML with a `[unit.NAME]` table for each unit, and a `[group.NAME]` table for each group of them.
#pragma once

#include "steward/result.hpp"
#include "unit_decode.hpp"
#include "unit_rules.hpp"

#include <string>
#include <string_view>

namespace steward {

/// What a units file is read against.
struct units_source {
  std::string file;                             ///< its name in messages
  std::string folder;                           ///< the absolute folder that relative paths in it are meant from
  const known_units* known = nullptr;           ///< the units that the table already has; null: names outside the file are let through
  const executable_lookup* programs = nullptr;  ///< how to look for programs; null: they are not looked for
};

/// Reads a units file. All of it or nothing.
/// Errors: everything that is wrong, each on a line `file:line:column: key path: what is wrong; what would be right`.
[[nodiscard]] result<unit_map> parse_units(std::string_view text, const units_source& source);

/// A units file as it was read, so that it can be parsed again without looking at a disk where it may have changed.
struct units_file {
  std::string name;
  std::string folder;
  std::string text;
};

/// Reads the bytes of a units file. `-` is stdin: its name is `<stdin>`, and relative paths are meant from the current folder.
/// Errors: one line that names the file: missing, not readable, a folder, larger than 16 MiB.
[[nodiscard]] result<units_file> read_units_file(const std::string& path);

}  // namespace steward
