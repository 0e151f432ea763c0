// SPDX-License-Identifier: Apache-2.0
//
// What a trace says of every key up to a moment: plain facts, folded from one event at a time, that know nothing of how a manager works.
#pragma once

#include "steward/testing/simulation.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace steward::testing {

using moment = std::chrono::nanoseconds;

/// One process that lives, or has lived.
struct process_facts {
  std::uint64_t generation = 0;
  std::uint64_t incarnation = 0;
  std::uint32_t version = 0;
  moment begun_at{};
  std::size_t begun = 0;  ///< where in the trace
  std::optional<moment> ready_at;
  std::optional<moment> asked_at;
  std::optional<moment> forced_at;
  bool lost = false;
};

struct row_facts {
  std::uint64_t generation = 0;
  std::uint32_t version = 0;
  bool up = true;
};

/// The restarts that a policy has granted to a key or to a group: when what they follow had ended.
struct restart_facts {
  std::vector<moment> since_cleared;  ///< by a start by hand or, for a key, an edit
  std::vector<moment> ever;
};

struct key_facts {
  row_state state = row_state::stopped;
  moment since{};
  std::size_t state_told = 0;  ///< where in the trace
  std::uint64_t generation = 0;
  std::size_t because_of = trace_event::no_key;

  std::optional<row_facts> row;
  std::map<std::uint64_t, row_facts> rows;  ///< by generation: every row that there was
  std::optional<process_facts> live;
  std::optional<process_facts> last;  ///< the one that ended last
  std::uint64_t last_incarnation = 0;

  std::size_t starts_open = 0;  ///< calls that are not answered
  std::size_t stops_open = 0;
  std::size_t calls = 0;                         ///< calls and answers ever
  bool by_hand = false;                          ///< its last start was inside a call of `start`
  std::map<std::uint32_t, std::size_t> readied;  ///< where in the trace a process of a version has become ready last
  bool erased_since = false;                     ///< since its state was told: it may have been forgotten
  std::uint64_t settled_for = 0;                 ///< the generation that is completed or has given up; zero: none

  restart_facts restarts;
  std::uint32_t failures = 0;                        ///< without a healthy time between them; never more than the manager counts
  std::optional<moment> due;                         ///< in backoff and waiting: not to be started before
  bool goes_with_group = false;                      ///< a member has failed, and this one, which lived, has to go
  bool taken_down = false;                           ///< its present process was there when a member failed
  std::map<std::size_t, std::uint64_t> waits_to_go;  ///< the incarnations of others that have to be gone before it is started again
  std::size_t calls_at_failure = 0;
  std::uint64_t generation_at_failure = 0;

  /// Whether what lives, or was told last, is what the row wants.
  [[nodiscard]] bool as_row_wants() const noexcept { return row && row->up && row->generation == (live ? live->generation : generation); }
};

/// Lifetime: shorter than its plan's.
class simulation_model {
 public:
  explicit simulation_model(const simulation_plan& plan);

  /// Takes the next event.
  void take(const trace_event& now);

  [[nodiscard]] const simulation_plan& plan() const noexcept { return plan_; }
  [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }
  [[nodiscard]] const key_facts& key(std::size_t number) const { return keys_[number]; }
  [[nodiscard]] const simulated_place& place(std::size_t number) const { return plan_.places[number]; }
  [[nodiscard]] const restart_facts& group(std::size_t number) const { return groups_[number]; }
  [[nodiscard]] const simulated_row& row(std::uint32_t version) const { return *rows_.at(version); }

  [[nodiscard]] moment now() const noexcept { return now_; }
  [[nodiscard]] bool in_use() const noexcept { return in_use_; }
  [[nodiscard]] bool run_forced() const noexcept { return run_forced_; }
  [[nodiscard]] std::optional<moment> ends_since() const noexcept { return ends_since_; }

  /// Whether what was told at this place in the trace was told after the end had begun.
  [[nodiscard]] bool told_at_the_end(std::size_t at) const noexcept { return at > ends_told_; }

  /// When the machine has slept last.
  [[nodiscard]] moment jumped_to() const noexcept { return std::max(jumped_to_, moment::zero()); }

  /// Whether something that was due at `due` should have been seen to before now. Not if the machine has slept since, until it had a moment.
  [[nodiscard]] bool is_late(moment due, const trace_event& now) const noexcept {
    return now.what != happening::jumped && now.at > (due <= jumped_to_ ? jumped_to_ : due);
  }

  /// Whether this state is the failure of a process, by itself, that its policy has decided about.
  [[nodiscard]] bool is_failure(const trace_event& now) const;

  /// Whether somebody in the group of a key may use up a budget and give up.
  [[nodiscard]] bool group_may_give_up(std::size_t key) const;

  /// Whether `other` goes down when `failed` does.
  [[nodiscard]] bool go_together(std::size_t failed, std::size_t other) const;

 private:
  void take_state(const trace_event& now);
  void take_process(const trace_event& now);
  void take_failure(const trace_event& now);
  void clear_restarts(key_facts& of, bool group_too, std::size_t key);

  const simulation_plan& plan_;
  std::map<std::uint32_t, const simulated_row*> rows_;
  std::vector<key_facts> keys_;
  std::vector<restart_facts> groups_;
  std::size_t taken_ = 0;
  moment now_{};
  moment jumped_to_{-1};
  bool in_use_ = false;
  bool run_forced_ = false;
  std::optional<moment> ends_since_;
  std::size_t ends_told_ = static_cast<std::size_t>(-1);
};

}  // namespace steward::testing
