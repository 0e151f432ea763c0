// SPDX-License-Identifier: Apache-2.0
//
// What can be asked of a daemon, whoever asks: the server passes requests on to it.
#pragma once

#include "api.hpp"
#include "event_history.hpp"
#include "status.hpp"
#include "steward/task.hpp"
#include "unit_decode.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace steward {

class context;

/// The verbs of the daemon. Each edits the row first, durably, and then acts (D9). Repeating one is success and says so.
///
/// Stop: `ctx` bounds the waiting only: what was begun goes on.
/// Errors: `not_found` for a unit that is not there; `invalid_argument` for units that cannot be applied; `manager_not_running` for what would have
/// to begin while the daemon ends; else what is wrong with the table.
class control {
 public:
  /// Waits until it is known which units there are: until the table has been read once since the daemon began, or could not be.
  /// Errors: `unreadable` if that takes very long.
  [[nodiscard]] virtual task<> first_look(context& ctx) = 0;

  [[nodiscard]] virtual daemon_status status() const = 0;
  [[nodiscard]] virtual std::optional<unit_status> status(const std::string& key) const = 0;
  [[nodiscard]] virtual std::optional<unit_explanation> explain(const std::string& key) const = 0;

  /// Those that should be gone and are not, the one that has been so for longest first.
  [[nodiscard]] virtual std::vector<unit_straggler> stragglers() const = 0;

  /// What `apply` would do. Changes nothing.
  [[nodiscard]] virtual task<plan_answer> plan(context& ctx, unit_map units) = 0;
  [[nodiscard]] virtual task<apply_answer> apply(context& ctx, unit_map units) = 0;
  [[nodiscard]] virtual task<control_answer> start(context& ctx, std::string key) = 0;
  [[nodiscard]] virtual task<control_answer> stop(context& ctx, std::string key) = 0;
  [[nodiscard]] virtual task<control_answer> restart(context& ctx, std::string key) = 0;
  [[nodiscard]] virtual task<control_answer> remove(context& ctx, std::string key) = 0;

  /// What has happened lately.  Lifetime: as long as this.
  [[nodiscard]] virtual const event_history& events() const = 0;

  /// The file that a unit's output goes to; it may not be there yet.
  [[nodiscard]] virtual std::filesystem::path log_of(const std::string& key) const = 0;

  control() = default;
  control(const control&) = delete;
  control& operator=(const control&) = delete;

 protected:
  ~control() = default;
};

/// What is said of a unit that is not there.
[[nodiscard]] inline error no_unit(const std::string& key) { return {errc::not_found, "there is no unit " + key}; }

}  // namespace steward
