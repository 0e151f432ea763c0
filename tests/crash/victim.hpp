// SPDX-License-Identifier: Apache-2.0
//
// A process that is killed, and how often.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace steward::test {

/// This program as a process of its own, as `main` says for its mode, with what it has said so far.
class victim {
 public:
  victim(const std::string& mode, const std::filesystem::path& file, std::uint64_t seed);
  victim(const victim&) = delete;
  victim& operator=(const victim&) = delete;
  ~victim();

  /// Reads until it has said so many lines.
  void wait_for(std::size_t lines);

  /// Reads until it has said this. False: it has ended without.
  [[nodiscard]] bool wait_for(const std::string& line);

  void kill();

  [[nodiscard]] const std::vector<std::string>& lines() const noexcept { return lines_; }

 private:
  bool read_some();

  pid_t pid_ = 0;
  int output_ = -1;
  std::string rest_;
  std::vector<std::string> lines_;
};

/// Writes a line to stdout, whole or not at all; for the one that is killed.
void say(const std::string& line);

/// In memory where there is such a place: a kill does not ask the disk.
[[nodiscard]] std::filesystem::path make_folder();

/// A number from the environment, or else this one.
[[nodiscard]] std::uint64_t given(const char* name, std::uint64_t otherwise);

[[nodiscard]] int rounds();

}  // namespace steward::test
