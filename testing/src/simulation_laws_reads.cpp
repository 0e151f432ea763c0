// SPDX-License-Identifier: Apache-2.0
#include "simulation_laws.hpp"

#include <algorithm>
#include <array>

namespace steward::testing {
namespace {

// A moment is over, and the manager waits for no answer of its table: whatever follows from what it has read has been done.
bool has_had_its_moment(const simulation_model& known, const trace_event& now) {
  return now.at > known.now() && now.what != happening::jumped && known.run_begun() && !known.ends_since() && known.reads_open() == 0;
}

std::string what_is_seen_is_started(const simulation_model& known, const trace_event& now) {
  if (!has_had_its_moment(known, now)) return {};
  for (std::size_t key = 0; key < known.size(); ++key) {
    const key_facts& its = known.key(key);
    if (its.state == row_state::stopped && its.read.wanted_at == known.now() && its.read.answered > its.state_told && !its.parked &&
        !its.store.has_forgotten)
      return known.plan().keys[key] + " was seen, is wanted, and is stopped";
  }
  return {};
}

// Whatever it comes after, and however many start.
std::string outlived_is_taken_over(const simulation_model& known, const trace_event& now) {
  if (!has_had_its_moment(known, now)) return {};
  for (std::size_t key = 0; key < known.size(); ++key) {
    const key_facts& its = known.key(key);
    const bool was_given_up = its.state == row_state::stopped && its.state_told > its.read.answered;  // until its row is seen again
    if (its.outlived && its.read.wanted_at == known.now() && !was_given_up)
      return known.plan().keys[key] + " was seen, is wanted, and has outlived its manager, and nobody takes it over";
  }
  return {};
}

std::string edit_is_followed(const simulation_model& known, const trace_event& now) {
  const pass_facts& pass = known.pass();
  if (!has_had_its_moment(known, now) || !pass.ended || pass.failed) return {};
  for (std::size_t key = 0; key < known.size(); ++key) {
    const key_facts& its = known.key(key);
    if (!its.live || its.changed > pass.begun || its.read.failed > pass.begun || (its.row && its.as_row_wants())) continue;
    if (its.takes_over() || its.edit.touched > pass.begun) continue;  // a replacement that has failed is tried again with the next pass
    if (its.state == row_state::running || its.state == row_state::starting)
      return known.plan().keys[key] + " is " + std::string(to_string(its.state)) + " as its row was before a whole pass";
  }
  return {};
}

std::string stop_lasts(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::state || (now.state != row_state::starting && now.state != row_state::waiting)) return {};
  const key_facts& its = known.key(now.key);
  return its.stop_called == 0 || its.starts_open > 0 ? "" : "it was stopped by hand, and nobody has looked at its row since";
}

std::string newer_is_not_undone(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::begun || known.is_heir(now)) return {};
  const key_facts& its = known.key(now.key);
  const read_facts& read = its.read;
  if (now.generation >= read.newest || read.newest_at == now.at || read.failed > read.answered) return {};
  if (its.state == row_state::stopping || its.edit.touched > its.start_told) return {};  // it was made already
  return "generation " + std::to_string(read.newest) + " was read before";
}

std::string failed_read_is_told(const simulation_model& known, const trace_event& now) {
  if (!has_had_its_moment(known, now)) return {};
  if (known.untold() > 0) return "the table could not be walked over, and nobody was told";
  for (std::size_t key = 0; key < known.size(); ++key)
    if (known.key(key).read.untold > 0) return known.plan().keys[key] + " could not be read, and nobody was told, with this key";
  return {};
}

std::string own_stop_is_no_error(const simulation_model&, const trace_event& now) {
  const bool is_echo = now.text.find("stopped: shutdown") != std::string::npos || now.text.find("stopped: requested") != std::string::npos;
  return now.what == happening::problem && is_echo ? "a read that the manager has given up by itself" : "";
}

std::string end_is_told_with_its_error(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::state || now.reason != exit_reason::failed) return {};
  const auto& process = known.key(now.key).last;
  if (!process || process->incarnation != now.incarnation || process->begun < known.key(now.key).start_told ||
      now.text.find(process->failure) != std::string::npos)
    return {};
  return "it has ended with: " + process->failure;
}

std::string end_is_told(const simulation_model& known, const trace_event& now) {
  if (now.at <= known.now() || now.what == happening::jumped) return {};
  for (std::size_t key = 0; key < known.size(); ++key) {
    const key_facts& its = known.key(key);
    const bool waits_for_others = its.left || its.edit.reloads || (its.heir && its.heir->forced_at);
    if (its.state == row_state::running && !its.live && !waits_for_others) return known.plan().keys[key] + " has ended, and nobody was told";
  }
  return {};
}

constexpr std::array<simulation_law, 9> laws{{{"M3_what_is_seen_is_started", what_is_seen_is_started},
                                              {"M3_outlived_is_taken_over", outlived_is_taken_over},
                                              {"M10_failed_read_is_told", failed_read_is_told},
                                              {"M10_own_stop_is_no_error", own_stop_is_no_error},
                                              {"M10_end_is_told", end_is_told},
                                              {"M10_end_is_told_with_its_error", end_is_told_with_its_error},
                                              {"M13_edit_is_followed", edit_is_followed},
                                              {"M13_stop_lasts", stop_lasts},
                                              {"M13_newer_is_not_undone", newer_is_not_undone}}};

}  // namespace

std::span<const simulation_law> laws_of_reads() noexcept { return laws; }

}  // namespace steward::testing
