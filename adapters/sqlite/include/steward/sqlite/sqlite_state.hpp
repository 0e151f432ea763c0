// SPDX-License-Identifier: Apache-2.0
//
// Small texts that outlive the process.
#pragma once

#include "steward/sqlite/sqlite_database.hpp"

#include <string>
#include <utility>
#include <vector>

namespace steward {

/// One remembered text: `name` of `key` is `value`.
struct state_entry {
  std::string key;
  std::string name;
  std::string value;

  friend bool operator==(const state_entry&, const state_entry&) = default;
};

/// What a daemon remembers about each key beside its row, such as how many incarnations there were: a durable map of (key, name) to text, in the same
/// file. It is not tied to rows: an entry stays until it is forgotten.
///
/// Stop, Threads, Cost: as `sqlite_database`.  Lifetime: shorter than its database's.
class sqlite_state {
 public:
  explicit sqlite_state(sqlite_database& in) noexcept : database_(&in) {}

  /// Errors: `not_found` if nothing is remembered by that name.
  [[nodiscard]] task<std::string> get(context& ctx, std::string key, std::string name);

  /// Remembers a text in place of the one before; durable when it returns.
  [[nodiscard]] task<> put(context& ctx, std::string key, std::string name, std::string value);

  /// The same for several, all of them or none.
  [[nodiscard]] task<> put(context& ctx, std::vector<state_entry> entries);

  /// Forgets all of a key. What is not there is forgotten already.
  [[nodiscard]] task<> forget(context& ctx, std::string key);

  /// Forgets texts, each by its key and name: all of them or none.
  [[nodiscard]] task<> forget(context& ctx, std::vector<std::pair<std::string, std::string>> which);

  /// Everything, sorted by key and name. Read in pages: no consistent snapshot is promised.
  [[nodiscard]] task<std::vector<state_entry>> scan(context& ctx);

 private:
  sqlite_database* database_;
};

}  // namespace steward
