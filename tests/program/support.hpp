// SPDX-License-Identifier: Apache-2.0
//
// What the tests of real programs share: a folder of their own, and waits for events with a generous cap.
#pragma once

#include "steward/program/process_group.hpp"
#include "steward/program/spawn.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace steward::test {

/// Nothing that is waited for here takes more than milliseconds; this only bounds a test that fails.
inline constexpr std::chrono::seconds patience{30};

/// A folder that is removed with its owner.
class temporary_folder {
 public:
  temporary_folder();
  temporary_folder(temporary_folder&&) = delete;
  ~temporary_folder();

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] std::string operator/(std::string_view name) const { return (path_ / name).string(); }

  /// Makes an executable script in it and returns its path.
  [[nodiscard]] std::string script(std::string_view name, std::string_view text) const;

 private:
  std::filesystem::path path_;
};

/// The limit of open files of this process as long as it lives.
class open_files_limit {
 public:
  explicit open_files_limit(rlim_t soft);
  open_files_limit(const open_files_limit&) = delete;
  open_files_limit& operator=(const open_files_limit&) = delete;
  ~open_files_limit();

 private:
  rlimit before_{};
};

/// Whether a sanitizer watches, which needs descriptors of its own: a test that takes all away is skipped then.
[[nodiscard]] bool is_sanitized();

/// The limit at which this process can open just so many files more than it has now.
[[nodiscard]] rlim_t limit_that_leaves(std::size_t count);

/// `{"/bin/sh", "-c", text}`.
[[nodiscard]] program_spec shell(std::string text);

/// Waits until the descriptor can be read or its other end is gone.
[[nodiscard]] bool wait_readable(int fd);

/// Asks again until it is true. Only for what sends no event.
[[nodiscard]] bool eventually(const std::function<bool()>& holds);

/// Reads until the other ends are all closed.
[[nodiscard]] std::string read_all(int fd);

/// Reads until the text has come; returns what came.
[[nodiscard]] std::string read_until(int fd, std::string_view text);

/// Waits for the end of a child and takes its status.
[[nodiscard]] program_exit wait_exit(int pidfd);

/// Kills what a test may have left of a child and its group.
void end_group(const child& started);

/// Starts it, waits for its end, and returns all that it wrote.
struct run_outcome {
  std::string output;
  program_exit status;
};
[[nodiscard]] run_outcome run(const program_spec& spec, const spawn_options& options = {});

/// The lines of a text, without their ends.
[[nodiscard]] std::vector<std::string> lines(std::string_view text);

}  // namespace steward::test
