// SPDX-License-Identifier: Apache-2.0
//
// What failed first, and what went down with it: so that the one failure that matters is read before the hundred that followed from it.
#pragma once

#include "steward/error.hpp"
#include "steward/exit.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace steward {

/// One that went down.
struct casualty {
  std::string name;
  std::string how;                                       ///< in a word: a reason of an exit, or the state of a row; may be empty
  std::optional<error> cause = std::nullopt;             ///< the error that it ended with
  std::optional<std::string> because_of = std::nullopt;  ///< the name of the one whose end took it down; empty: it went down by itself
  instant at{};
};

/// One failure and all that it took down.
///
/// Threads: distinct objects from distinct threads.  Cost: linear in what went down; nothing here recurses, however long the chain.
class failure_tree {
 public:
  struct entry {
    casualty what;
    std::size_t depth = 0;  ///< of the root 0; of what it took down at first hand 1
    std::size_t below = 0;  ///< how many it took down, at any hand: they are the entries that follow it
    bool echo = false;      ///< its error is only a stop, or repeats the one above it: the texts leave it out
  };

  /// A tree that is printed has at most so many lines, and one that says how many more there are.
  static constexpr std::size_t most_lines = 100;

  /// The root, and under each entry what it took down, by time. Never empty.
  [[nodiscard]] const std::vector<entry>& entries() const noexcept { return entries_; }

  /// What everything else here followed from.
  [[nodiscard]] const casualty& root() const noexcept { return entries_.front().what; }

  /// On one line: `database failed: connection refused; took down 3: api, web, worker`. Of many it names a few.
  /// Line breaks inside texts are shown as `\n`.  Errors: throws `std::bad_alloc`, as `to_tree`.
  [[nodiscard]] std::string to_string() const;

  /// One a line, indented under what took it down. Of many that went down alike, side by side, it shows a few: `… and 497 more stopped`.
  [[nodiscard]] std::string to_tree() const;

 private:
  friend std::vector<failure_tree> failure_trees(std::vector<casualty> fallen);

  explicit failure_tree(std::vector<entry> entries);

  std::vector<entry> entries_;
};

/// Puts what went down under what took it down: a tree for each that went down by itself, by time. Pure.
/// Shape: each of `fallen`, in any order, is in one tree, once. A name may be there several times: `because_of` means the last of that name that went
/// down no later, or else the first. Where nobody has that name, or they took each other down in a circle, the earliest is a root, and the texts say
/// because of whom it went down.
/// Errors: throws `std::bad_alloc`.  Cost: of sorting.
[[nodiscard]] std::vector<failure_tree> failure_trees(std::vector<casualty> fallen);

}  // namespace steward
