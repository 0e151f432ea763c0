// SPDX-License-Identifier: Apache-2.0
//
// The programs that the daemon keeps running: the manager over the stored units, with what the daemon adds to it.
#pragma once

#include "control.hpp"
#include "steward/doorbell.hpp"
#include "steward/manager.hpp"
#include "steward/program/keeper_spawner.hpp"
#include "steward/program/program.hpp"
#include "steward/task_scope.hpp"
#include "stop_time.hpp"
#include "unit_ends.hpp"
#include "unit_store.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace steward {

/// Keeps the stored units running, and carries out what is asked of them.
///
/// Threads: all on one.  Lifetime: outlives its run, as do the store and the spawner.
class fleet final : public control, private state_store<std::string> {
 public:
  /// `logs` is the folder for the units' output; `warn` receives one line for each error that nobody else receives.
  fleet(unit_store& store, keeper_spawner& spawner, std::filesystem::path logs, std::function<void(const std::string&)> warn);

  /// Runs the manager. Beside it ends what a former daemon has left running and the table no longer wants, or no keeper holds.
  [[nodiscard]] task<> run(context& ctx, callback ready);

  [[nodiscard]] task<> first_look(context& ctx) override;
  [[nodiscard]] daemon_status status() const override;
  [[nodiscard]] std::optional<unit_status> status(const std::string& key) const override;
  [[nodiscard]] std::optional<unit_explanation> explain(const std::string& key) const override;
  [[nodiscard]] std::vector<unit_straggler> stragglers() const override;
  [[nodiscard]] task<plan_answer> plan(context& ctx, unit_map units) override;
  [[nodiscard]] task<apply_answer> apply(context& ctx, unit_map units) override;
  [[nodiscard]] task<control_answer> start(context& ctx, std::string key) override;
  [[nodiscard]] task<control_answer> stop(context& ctx, std::string key) override;
  [[nodiscard]] task<control_answer> restart(context& ctx, std::string key) override;
  [[nodiscard]] task<control_answer> remove(context& ctx, std::string key) override;
  [[nodiscard]] const event_history& events() const override { return events_; }
  [[nodiscard]] std::filesystem::path log_of(const std::string& key) const override;

  /// How long all that lives may take to stop: who comes after others is stopped before them.
  [[nodiscard]] std::chrono::nanoseconds time_to_stop() const;

  /// Rung whenever a unit changes.
  [[nodiscard]] doorbell& changed() noexcept { return changed_; }

 private:
  /// The last one reported for a key, and after how many passes.
  struct problem {
    std::string text;
    std::uint64_t passes = 0;
  };
  /// What a former daemon left, by key, beside the rows as they were read once.
  struct comparison {
    std::set<std::string, std::less<>> same;      // as what their row is, and
    std::set<std::string, std::less<>> other;     // as something else than their row is now
    std::set<std::string, std::less<>> unwanted;  // of no row that wants to run
  };
  using units_manager = manager<std::string, unit>;

  [[nodiscard]] units_manager::options_type options();
  [[nodiscard]] result<runnable> make(const std::string& key, const unit& what);
  [[nodiscard]] std::optional<group_place> place_of(const std::string& key, const unit& what);
  [[nodiscard]] row_edit edit_of_row(const std::string& key, const unit& was, const unit& now) const;
  [[nodiscard]] farewell farewell_of(const std::string& key) const;
  // The manager's memory is the store's, with what the keeper knows of those that live.
  [[nodiscard]] row_past recall(const std::string& key) override;
  void remember(const std::string& key, const row_past& past) override;
  void forget(const std::string& key) override;
  [[nodiscard]] restart_history recall_group(const std::string& name) override;
  void remember_group(const std::string& name, const restart_history& history) override;
  [[nodiscard]] task<> flush(context& ctx) override;
  [[nodiscard]] bool has_outlived(const std::string& key) const;
  [[nodiscard]] bool can_go_on(const held_program& left) const;
  void note(const manager_event<std::string>& what);
  [[nodiscard]] static unit_event to_unit_event(const manager_event<std::string>& from);
  [[nodiscard]] unit_status to_unit_status(const std::string& key, const row_status<std::string>& from) const;
  [[nodiscard]] std::optional<int> pid_of(const std::string& key) const;
  [[nodiscard]] instant since_of(const std::string& key, row_state state, instant since) const;
  [[nodiscard]] std::vector<std::string> going_in_group_of(const std::string& key) const;
  [[nodiscard]] std::vector<std::string> missing_of(const std::vector<std::string>& waiting_for) const;
  [[nodiscard]] std::optional<std::string> problem_of(const std::string& key) const;
  [[nodiscard]] task<std::string> held_back_by(context& ctx, std::string key);
  [[nodiscard]] task<std::string> what_becomes_of_dependents(context& ctx, std::string key);
  [[nodiscard]] error refused(const std::string& key, const error& why);
  void look_at_trouble();
  void ring_all();
  [[nodiscard]] task<> stop_and_wait(context& ctx, std::string key);
  [[nodiscard]] task<> ask_to_stop(std::string key, std::shared_ptr<std::optional<result<>>> outcome);
  [[nodiscard]] task<> look_if_wanted(std::string key);
  [[nodiscard]] task<> wait_while(context& ctx, std::function<bool()> holds);
  [[nodiscard]] std::optional<error> abandoned(const std::string& key) const;
  [[nodiscard]] bool is_stopping(const std::string& key) const;
  [[nodiscard]] task<> compare_what_was_left(context& ctx);
  void count_in(const std::string& key, std::string_view note);
  [[nodiscard]] task<> end_left(context& ctx, context& while_it_runs, task_scope& beside, bool compared);
  [[nodiscard]] task<> end_one(context& ctx, spawner::held left);
  [[nodiscard]] task<> end_left_of(context& ctx, std::string key);
  [[nodiscard]] program_options end_of_left(const std::string& key, std::string_view note);
  void note_end_of(const held_program& left, instant now);
  [[nodiscard]] const exit* last_of(const std::string& key, const std::optional<exit>& known) const;
  [[nodiscard]] bool is_left(const std::string& key) const;
  [[nodiscard]] std::optional<std::string> what_becomes_of_left(const std::string& key) const;
  void note_log(const std::string& key, std::error_code why);
  [[nodiscard]] std::string log_trouble_text(const std::string& key, std::error_code why) const;

  unit_store& store_;
  keeper_spawner& spawner_;
  std::filesystem::path logs_;
  std::function<void(const std::string&)> warn_;
  unit_ends ends_;
  wall_time since_;
  std::map<std::string, int, std::less<>> pids_;
  std::map<std::string, instant, std::less<>> ran_before_;  // what a former daemon has left, and since when it is ready
  stop_needs living_;
  std::map<std::string, std::string, std::less<>> not_ready_;  // what the last probe of one that starts has shown
  std::set<std::string, std::less<>> to_restart_;              // by hand, whatever is edited meanwhile
  std::map<std::string, std::string, std::less<>> group_of_;   // as its row has told it last
  group_policies groups_;                                      // as the rows have told them last
  std::map<std::string, problem, std::less<>> problems_;
  std::map<std::string, std::error_code, std::less<>> log_troubles_;  // why a unit's output cannot be written
  comparison left_;
  std::map<std::string, exit, std::less<>> ends_of_left_;  // of what was ended by nobody's unit: the manager does not know of it
  event_history events_;
  doorbell changed_;
  std::list<doorbell*> waiting_;  // for a unit to change, or what was left of it to be gone, beside who draws
  context* running_ = nullptr;    // what outlives a single request, and what goes on beside it
  task_scope* beside_ = nullptr;
  bool ending_ = false;  // nothing begins any more
  units_manager manager_;
};

}  // namespace steward
