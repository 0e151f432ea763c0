// SPDX-License-Identifier: Apache-2.0
//
// What outlives a manager, in a SQLite file.
#pragma once

#include "steward/sqlite/codec.hpp"
#include "steward/sqlite/detail/sqlite_pasts.hpp"
#include "steward/sqlite/sqlite_database.hpp"
#include "steward/state_store.hpp"

#include <string>

namespace steward {

/// Remembers what a manager has come to in the file that its table may be in too. It is a stage between the two:
///
///     sqlite_state_store<std::string> memory(database);
///     options.store = &memory;
///     const auto whole = chain(open_and_close_the_database, std::ref(memory), std::ref(units));
///
/// Ready when what is remembered has been read. From then on a change is written within a tenth of a second, with those that come with it, at once
/// where something is done for good, and before `flush` returns; all of it before the stage ends. A process that is killed loses that tenth of a
/// second: counters that no budget depends on.
///
/// Shape: keys are stored by their `key_codec`, numbers in decimal; a codec of yours that gives both numbers and texts must not give a text that is
/// one of its numbers. One object a file: two would forget what the other remembers. Errors: of the run those of reading, and of writing in the end;
/// what could not be written in between is tried again with the next change, and by `flush`, which says why. A text that cannot be read is as good as
/// not remembered. Stop: a flush that waits for its turn ends, and what it had in hand is written by the next.  Threads: any.  Lifetime: shorter than
/// its database's. Cost: all that is remembered is in memory too, about 200 bytes a key; a write of what changes costs one edit of the file, however
/// many keys.
template <class Key>
class sqlite_state_store final : public state_store<Key> {
 public:
  explicit sqlite_state_store(sqlite_database& in) : pasts_(in) {}

  /// Reads what is remembered, and writes what changes until the callback has returned.
  [[nodiscard]] task<> run(context& ctx, callback ready) { return pasts_.run(ctx, ready); }

  [[nodiscard]] row_past recall(const Key& key) override { return pasts_.recall(stored(key)); }
  void remember(const Key& key, const row_past& past) override { pasts_.remember(stored(key), past); }
  void forget(const Key& key) override { pasts_.forget(stored(key)); }
  [[nodiscard]] restart_history recall_group(const std::string& name) override { return pasts_.recall_group(name); }
  void remember_group(const std::string& name, const restart_history& history) override { pasts_.remember_group(name, history); }
  [[nodiscard]] task<> flush(context& ctx) override { return pasts_.flush(ctx); }

 private:
  [[nodiscard]] static std::string stored(const Key& key) { return to_string(key_codec<Key>::encode(key)); }

  detail::sqlite_pasts pasts_;
};

}  // namespace steward
