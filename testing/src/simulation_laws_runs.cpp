// SPDX-License-Identifier: Apache-2.0
#include "simulation_laws.hpp"
#include "steward/testing/journal.hpp"

#include <algorithm>
#include <array>

namespace steward::testing {
namespace {

std::string one_run_at_a_time(const simulation_model& known, const trace_event& now) {
  if (now.what == happening::in_use && known.in_use()) return "another run is in use, or the same a second time";
  if (now.what != happening::run_begun || !known.run_begun()) return {};
  if (known.in_use() && !known.ends_since()) return "the run before is in use";
  for (std::size_t key = 0; key < known.size(); ++key)
    if (known.key(key).alive() != nullptr) return known.plan().keys[key] + " is alive, of the run before";
  return {};
}

// Nothing goes wrong in a callback here, so a run fails only if it never came to that.
std::string answer_of_run(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::run_answered) return {};
  if (known.run_inside() == now.call) return now.text.ends_with("would wait for itself") && now.at == known.now() ? "" : "it was run from inside";
  if (const auto used = known.was_in_use(now.call)) return now.yes == *used ? "" : *used ? "its callback has succeeded" : "it was never in use";
  return !now.yes && known.run_stopped(now.call) ? "" : "it was not its turn, and its context has not stopped";
}

// The pass is over, and nobody has looked at the table again.
std::string next_pass_within(const simulation_model& known, const trace_event& now, moment pause) {
  if (!known.pass().ended || known.ends_since() || known.reads_open() > 0 || now.at <= known.now()) return {};
  const moment due = std::max(*known.pass().ended + pause, known.read_last());
  return known.is_late(due, now) ? "the next pass was due at " + short_text(due) : "";
}

std::string passes_go_on(const simulation_model& known, const trace_event& now) { return next_pass_within(known, now, known.plan().interval); }

std::string tries_again_sooner(const simulation_model& known, const trace_event& now) {
  constexpr moment first_retry = std::chrono::seconds(1);
  if (!known.pass().failed || known.pass().retried) return {};
  return next_pass_within(known, now, std::min(first_retry, known.plan().interval));
}

constexpr std::array<simulation_law, 4> laws{{{"M1_one_run_at_a_time", one_run_at_a_time},
                                              {"M1_answer_of_run", answer_of_run},
                                              {"M3_passes_go_on", passes_go_on},
                                              {"M14_tries_again_sooner", tries_again_sooner}}};

}  // namespace

std::span<const simulation_law> laws_of_runs() noexcept { return laws; }

}  // namespace steward::testing
