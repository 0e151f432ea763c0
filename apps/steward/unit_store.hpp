// SPDX-License-Identifier: Apache-2.0
//
// What the daemon keeps in its database: the rows, and what it remembers of each key beside its row.
#pragma once

#include "api.hpp"
#include "steward/manager_options.hpp"
#include "steward/runnable.hpp"
#include "steward/sqlite/sqlite_database.hpp"
#include "steward/sqlite/sqlite_state_store.hpp"
#include "steward/sqlite/sqlite_table.hpp"
#include "steward/turnstile.hpp"
#include "unit_json.hpp"
#include "unit_rules.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace steward {

/// Stores a unit as its canonical JSON.
struct unit_codec {
  [[nodiscard]] static std::string encode(const unit& from) { return unit_to_row(from); }
  [[nodiscard]] static result<unit> decode(std::string_view stored) { return unit_from_row(stored); }
};

/// Until what could not be read or written is tried again.
inline constexpr std::chrono::seconds between_attempts(1);

/// All rows, by key; an error for one that cannot be read.
using stored_units = std::map<std::string, result<row<unit>>, std::less<>>;

/// What an `apply` would answer, and what the rows would be then: each has another generation than now exactly if it would be edited.
struct apply_preview {
  apply_answer answer;
  std::map<std::string, row<unit>> rows;
};

/// Those that a unit holds up, by what they do without it.
struct unit_dependents {
  std::vector<std::string> require;     ///< go down with it
  std::vector<std::string> come_after;  ///< go on, and wait for it when they start
};

/// The daemon's database. Every edit is durable when it returns.
///
/// Threads: all on one.  Lifetime: outlives its run.
class unit_store {
 public:
  explicit unit_store(const std::filesystem::path& file, sqlite_options options = {}) : database_(file, std::move(options)) {}

  /// Opens the database and reads what is remembered; in the end writes that down and closes it.
  [[nodiscard]] task<> run(context& ctx, callback ready);

  /// The rows, for the manager.
  [[nodiscard]] table<std::string, unit>& rows() noexcept { return units_; }

  /// The units that there are, and what each waits for.
  [[nodiscard]] task<known_units> known(context& ctx);

  /// Those that wait for `key`, which need not be there.
  [[nodiscard]] task<unit_dependents> dependents(context& ctx, std::string key);

  /// Adds and changes units, all or none; what is equal stays as it is, and nothing is removed. One call goes at a time, in order of arrival.
  /// Errors: one each for an `after` or a `requires` that leads nowhere or round in a circle, for a group whose members do not agree, and for a
  /// program that is missing; `code()` is `invalid_argument`.
  [[nodiscard]] task<apply_answer> apply(context& ctx, unit_map given);

  /// What `apply` would do. Nothing is written.
  /// Errors: those of `apply`; `unreadable` for a row that it would leave as it is and that cannot be read.
  [[nodiscard]] task<apply_preview> preview(context& ctx, unit_map given);

  /// Sets what is wanted of a unit. `anew` makes a new generation even if it was wanted so, so that it is started (again).
  /// Errors: `not_found`.
  [[nodiscard]] task<> want(context& ctx, std::string key, wanted what, bool anew = false);

  /// Deletes a unit. True if there was one.
  [[nodiscard]] task<bool> remove(context& ctx, std::string key);

  /// Since when the file cannot be read, and why; empty when the last call could.
  [[nodiscard]] std::optional<database_trouble> trouble() const { return database_.trouble(); }

  /// What is remembered of the units beside their rows.
  [[nodiscard]] state_store<std::string>& memory() noexcept { return memory_; }

 private:
  static constexpr const char* table_name = "units";

  [[nodiscard]] task<apply_answer> check_and_write(context& ctx, unit_map given);
  [[nodiscard]] task<stored_units> stored(context& ctx);

  sqlite_database database_;
  sqlite_table<std::string, unit, unit_codec> units_{database_, table_name};
  sqlite_table<std::string, std::string> texts_{database_, table_name};  // the same, as it is stored
  sqlite_state_store<std::string> memory_{database_};
  turnstile one_apply_;  // two that are right each by itself may be wrong together
};

}  // namespace steward
