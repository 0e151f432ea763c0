// SPDX-License-Identifier: Apache-2.0
//
// The ends of programs that the keeper remembers until the database does.
#pragma once

#include "steward/doorbell.hpp"
#include "steward/program/keeper_spawner.hpp"
#include "steward/row_state.hpp"
#include "unit_store.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace steward {

/// Those of the programs that a former daemon left whose ends it has dealt with: it had remembered what came of the incarnation, or had started the
/// next of its key.
/// Shape: `left` has the programs of a key in the order of their starts. An incarnation that is remembered as alive had not been seen to end.
[[nodiscard]] std::vector<spawner::held> ends_dealt_with(const keeper_spawner::left_programs& left,
                                                         const std::function<row_past(const std::string& key)>& recall);

/// Drops the record of an end from the keeper when the next daemon does not need it any more. A unit that is done would be started again by a daemon
/// that is told of its end by nobody: so that record stays until the file tells of it. That of a unit which is started again stays until the next
/// program runs: what is said to the keeper before that would only be in the way of the start.
///
/// Threads: all on one.  Lifetime: the store and the spawner outlive it.
class unit_ends {
 public:
  unit_ends(unit_store& store, keeper_spawner& spawner) : store_(store), spawner_(spawner) {}

  /// Drops the ends that a daemon which was killed has dealt with and not dropped any more. Before anything starts.
  [[nodiscard]] task<> drop_known(context& ctx);

  /// A program of this key is gone.
  void took(const std::string& key, spawner::held gone) { undecided_[key] = std::move(gone); }

  /// The next program of this key runs.
  void followed(const std::string& key);

  /// What its unit came to, after the store was told to remember it.
  void decided(const std::string& key, row_state state);

  /// Drops the records of what is done, each when that is durable; what cannot be written is tried again every second.  Stop: leaves the others to
  /// `drop_settled`.
  [[nodiscard]] task<> keep_dropping(context& ctx);

  /// The same, once.  Errors: those of the database; what it does not tell the keeper goes on telling.
  [[nodiscard]] task<> drop_settled(context& ctx);

 private:
  unit_store& store_;
  keeper_spawner& spawner_;
  std::map<std::string, spawner::held, std::less<>> undecided_;
  std::vector<spawner::held> settled_;
  doorbell something_settled_;
};

}  // namespace steward
