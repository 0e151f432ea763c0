// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/callback.hpp"
#include "steward/doorbell.hpp"
#include "steward/sqlite/sqlite_state.hpp"
#include "steward/state_store.hpp"
#include "steward/turnstile.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace steward::detail {

/// What a `sqlite_state_store` is, whatever the type of its key.
class sqlite_pasts {
 public:
  explicit sqlite_pasts(sqlite_database& in) : state_(in) {}

  [[nodiscard]] task<> run(context& ctx, callback ready);

  [[nodiscard]] row_past recall(const std::string& key) const;
  void remember(const std::string& key, const row_past& past);
  void forget(const std::string& key);
  [[nodiscard]] restart_history recall_group(const std::string& name) const;
  void remember_group(const std::string& name, const restart_history& history);
  [[nodiscard]] task<> flush(context& ctx);

 private:
  /// A key or a group, and by which of the two names it lies in the file.
  using changed = std::pair<std::string, std::string_view>;

  [[nodiscard]] task<> load(context& ctx);
  [[nodiscard]] task<> keep_writing(context& ctx);
  [[nodiscard]] task<> write_down(context& ctx);
  [[nodiscard]] std::optional<std::string> text_of(const changed& which) const;

  sqlite_state state_;
  mutable std::mutex mutex_;  // guards the next three
  std::map<std::string, row_past> pasts_;
  std::map<std::string, restart_history> groups_;
  std::set<changed> unwritten_;
  doorbell something_to_write_;
  doorbell urgent_;      // what must not wait: what is done would be started again by the next process
  turnstile one_write_;  // who finds nothing left to write must not believe that it is written
  result<> written_;     // how the last attempt ended; of whoever is inside
  std::atomic<std::uint64_t> attempts_ = 0;
};

}  // namespace steward::detail
