// SPDX-License-Identifier: Apache-2.0
//
// The last events of a daemon, for all who ask: nobody who reads them keeps a copy, so that who reads slowly costs nothing.
#pragma once

#include "unit_event.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace steward {

/// So many events are remembered: the start of 500 units, or some hours of a daemon that has little to do.
inline constexpr std::size_t events_remembered = 1024;

/// Events by number, from 0 on, each one more than the one before; the oldest are forgotten.
///
/// Threads: all on one.
class event_history {
 public:
  explicit event_history(std::size_t most = events_remembered) : most_(most) {}

  void add(unit_event what);

  /// The numbers of those that are remembered: from `first` up to `end`.
  [[nodiscard]] std::uint64_t first() const noexcept { return end_ - kept_.size(); }
  [[nodiscard]] std::uint64_t end() const noexcept { return end_; }

  /// Shape: `number` is remembered.
  [[nodiscard]] const unit_event& at(std::uint64_t number) const { return kept_[static_cast<std::size_t>(number - first())]; }

  /// All that are remembered, oldest first.
  [[nodiscard]] const std::deque<unit_event>& all() const noexcept { return kept_; }

  [[nodiscard]] bool knows(std::string_view key) const;

 private:
  std::size_t most_;
  std::uint64_t end_ = 0;
  std::deque<unit_event> kept_;
};

/// A place in the history: gives what is remembered, and then what comes, as lines of JSON. Where it was overtaken by what is forgotten, a line tells
/// how many events are missing.
///
/// Threads: that of the history.  Lifetime: the history outlives it.
class event_reader {
 public:
  /// Shape: of these units alone; of everything when there are none. `follow`: also what comes from now on.
  event_reader(const event_history& of, std::vector<std::string> keys, bool follow);

  /// What comes next, some 64 KiB at most; empty when nothing has come since.
  [[nodiscard]] std::string more();

 private:
  [[nodiscard]] bool wanted(const unit_event& what) const;

  const event_history& of_;
  std::vector<std::string> keys_;
  std::uint64_t next_;
  std::optional<std::uint64_t> end_;  // where it is not followed
};

}  // namespace steward
