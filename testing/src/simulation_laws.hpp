// SPDX-License-Identifier: Apache-2.0
//
// What must hold of every simulation: each law is a pure function of what is known so far and of what happens next.
#pragma once

#include "simulation_model.hpp"

#include <span>
#include <string>
#include <string_view>

namespace steward::testing {

struct simulation_law {
  std::string_view name;  ///< with the number of the law
  /// What is wrong; empty if it holds.
  std::string (*broken)(const simulation_model& known, const trace_event& now);
};

/// One key: its states, its processes, its row, and what is answered about it.
[[nodiscard]] std::span<const simulation_law> laws_of_keys() noexcept;
[[nodiscard]] std::span<const simulation_law> laws_of_answers() noexcept;

/// Processes that live through edits of their rows, and those that take the places of others; what outlives the manager.
[[nodiscard]] std::span<const simulation_law> laws_of_edits() noexcept;
[[nodiscard]] std::span<const simulation_law> laws_of_lives() noexcept;

/// What is due when: deadlines, backoff, budgets, the begin and the end of the run.
[[nodiscard]] std::span<const simulation_law> laws_of_time() noexcept;

/// Who before whom, and who with whom: requirements, groups, the number that start at a time.
[[nodiscard]] std::span<const simulation_law> laws_of_order() noexcept;

/// Runs of the manager one after the other, its passes, what follows from what it reads, and that nothing that goes wrong is kept from whoever
/// listens.
[[nodiscard]] std::span<const simulation_law> laws_of_runs() noexcept;
[[nodiscard]] std::span<const simulation_law> laws_of_reads() noexcept;

/// What runs when everything has had its time.
[[nodiscard]] std::span<const simulation_law> laws_of_rest() noexcept;

}  // namespace steward::testing
