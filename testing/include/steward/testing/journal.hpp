// SPDX-License-Identifier: Apache-2.0
//
// What happened, in order and with times, for tests to compare.
#pragma once

#include "steward/context.hpp"

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace steward::testing {

/// A list of lines that runnables and tests write to.
///
///     journal log;
///     runnable web = scripted("web", log).ready_after(10ms);
///     …
///     EXPECT_THAT(log.timed(), ElementsAre("0ms web start", "10ms web ready", …));
///
/// Threads: any.
class journal {
 public:
  /// Writes a line, at the time of the context's scheduler.
  void add(const context& ctx, std::string_view line) { add(ctx.now(), line); }
  void add(instant at, std::string_view line);

  /// The lines, and the lines with the virtual time since `virtual_scheduler::epoch` before each.
  [[nodiscard]] std::vector<std::string> lines() const;
  [[nodiscard]] std::vector<std::string> timed() const;

  /// How often a line was written.
  [[nodiscard]] std::size_t count(std::string_view line) const;
  [[nodiscard]] bool has(std::string_view line) const { return count(line) > 0; }

  /// Whether both were written, and the first `earlier` before the first `later`.
  [[nodiscard]] bool in_order(std::string_view earlier, std::string_view later) const;

  /// When a line was first written, since the epoch; a negative time if it was not.
  [[nodiscard]] std::chrono::nanoseconds when(std::string_view line) const;

  void clear();

 private:
  struct entry {
    instant at;
    std::string line;
  };

  [[nodiscard]] std::size_t first(std::string_view line) const;  // with the lock held; the size if there is none

  mutable std::mutex mutex_;
  std::vector<entry> entries_;
};

/// `10ms`, `1500us`, `7ns`: the largest of these units that loses nothing.
[[nodiscard]] std::string short_text(std::chrono::nanoseconds duration);

}  // namespace steward::testing
