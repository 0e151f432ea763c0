// SPDX-License-Identifier: Apache-2.0
//
// Plans, traces and reports of simulations, for whoever has to find out what went wrong.
#include "steward/testing/journal.hpp"
#include "steward/testing/simulation.hpp"

#include <array>
#include <string>

namespace steward::testing {
namespace {

constexpr std::array<std::string_view, mishaps> mishap_names{
    "none",           "is_slow", "hangs",   "fails_to_start",    "ends_before_ready", "throws",
    "cannot_be_made", "ends",    "crashes", "winds_down_slowly", "ignores_its_stop"};

constexpr std::array<std::string_view, reloadings> reloading_names{"succeeds", "is_slow", "fails", "throws", "hangs"};

constexpr std::array<std::string_view, deeds> deed_names{
    "put",        "erase",       "want_up",      "want_down",     "start",         "stop",       "rush",          "get",
    "run",        "reconcile",   "slow_reads",   "failing_reads", "failing_gets",  "late_reads", "hanging_reads", "hanging_gets",
    "garble",     "lose_hints",  "double_hints", "delay_hints",   "reorder_hints", "slow_store", "failing_store", "hanging_store",
    "deaf_store", "blank_store", "heal",         "jump",          "crash",         "close",      "force"};

constexpr std::array<std::string_view, happenings> happening_names{"row put",
                                                                   "row erased",
                                                                   "table: fault",
                                                                   "table: healed",
                                                                   "clock jumped",
                                                                   "asked to look",
                                                                   "row is read",
                                                                   "row was read",
                                                                   "page is read",
                                                                   "page has",
                                                                   "page was read",
                                                                   "read given up",
                                                                   "run called",
                                                                   "run begins",
                                                                   "run answered",
                                                                   "start called",
                                                                   "start answered",
                                                                   "stop called",
                                                                   "stop answered",
                                                                   "get says",
                                                                   "is",
                                                                   "problem",
                                                                   "process begins",
                                                                   "process is ready",
                                                                   "process is lost",
                                                                   "process is asked to stop",
                                                                   "process is forced",
                                                                   "process has ended",
                                                                   "edit is judged",
                                                                   "reload begins",
                                                                   "reload answered",
                                                                   "reload given up",
                                                                   "store: refuses",
                                                                   "store: does not recall",
                                                                   "store: flush asked",
                                                                   "store: flush answered",
                                                                   "manager is lost",
                                                                   "process outlives it",
                                                                   "process is taken over",
                                                                   "manager is in use",
                                                                   "manager is asked to end",
                                                                   "manager is forced",
                                                                   "settled",
                                                                   "status",
                                                                   "manager has ended",
                                                                   "manager does not end"};

std::string text_of(const restart_policy& policy) {
  std::string text = std::string(to_string(policy.when)) + ", delays " + short_text(policy.delays.initial) + " to " + short_text(policy.delays.max);
  if (policy.budget)
    text += ", budget " + std::to_string(policy.budget->restarts) + " in " + short_text(policy.budget->window) + " then " +
            std::string(to_string(policy.budget->then));
  return text;
}

std::string text_of(const simulated_place& where, const std::vector<std::string>& keys) {
  std::string text;
  for (const std::size_t each : where.after) text += " after " + keys[each];
  for (const auto& each : where.required) text += " requires " + keys[each.key] + " (" + std::string(to_string(each.loss)) + ")";
  if (where.group) text += " in group " + std::to_string(*where.group) + " at " + std::to_string(where.place);
  return text;
}

std::string text_of(const simulated_row& row, const std::vector<std::string>& keys) {
  std::string text = "version " + std::to_string(row.version) + text_of(row.where, keys) + ", " + text_of(row.policy);
  const auto limit = [&text](const char* name, std::chrono::nanoseconds time) {
    if (time.count() > 0) text += std::string(", ") + name + " in " + short_text(time);
  };
  limit("start", row.deadlines.start);
  limit("stop", row.deadlines.stop);
  limit("kill", row.deadlines.kill);
  if (row.edit.kind != row_edit::restart) text += ", edited by " + std::string(steward::to_string(row.edit.kind));
  if (row.edit.kind == row_edit::reload) text += ", which " + std::string(to_string(row.edit.reload)) + " " + short_text(row.edit.time);
  for (const simulated_run& each : row.runs)
    text += "; " + std::string(to_string(each.what)) + (each.what == mishap::none ? "" : " " + short_text(each.time));
  return text;
}

std::string text_of(const simulated_deed& what, const std::vector<std::string>& keys) {
  std::string text = "  +" + short_text(what.after) + " " + std::string(to_string(what.what)) + " " + keys[what.key];
  if (what.items > 0) text += " (after " + std::to_string(what.items) + " items)";
  if (what.what == deed::put) text += std::string(" ") + std::string(to_string(what.want)) + ": " + text_of(what.row, keys);
  if (what.time.count() > 0) text += ", " + short_text(what.time);
  if (what.n > 0) text += ", n = " + std::to_string(what.n);
  for (const std::size_t each : what.outlive) text += ", outlived by " + keys[each];
  return text + (what.hint ? ", with a hint\n" : "\n");
}

}  // namespace

std::string_view to_string(mishap what) noexcept { return mishap_names[static_cast<std::size_t>(what)]; }
std::string_view to_string(reloading what) noexcept { return reloading_names[static_cast<std::size_t>(what)]; }
std::string_view to_string(deed what) noexcept { return deed_names[static_cast<std::size_t>(what)]; }
std::string_view to_string(happening what) noexcept { return happening_names[static_cast<std::size_t>(what)]; }

std::string simulation_plan::to_string() const {
  std::string text = "a pass every " + short_text(interval) + ", initial wait " + short_text(initial_wait) +
                     ", starting at a time: " + (max_starting == 0 ? "any" : std::to_string(max_starting)) + ", total start " +
                     short_text(total.start) + ", total stop " + short_text(total.stop) + ", rows in a page: " + std::to_string(rows_in_a_page) +
                     ", read limit " + short_text(read_limit) + (stores ? ", with a store" : "") + (runs_again ? ", run again" : "") + "\n";
  for (std::size_t i = 0; i < groups.size(); ++i)
    text += "group " + std::to_string(i) + ": " + std::string(steward::to_string(groups[i].strategy)) + ", " + text_of(groups[i].restart) + "\n";
  for (const simulated_deed& each : before) text += text_of(each, keys);
  text += "  run\n";
  for (const simulated_deed& each : deeds) text += text_of(each, keys);
  return text;
}

std::string to_string(const trace_event& what, const std::vector<std::string>& keys) {
  std::string text = short_text(what.at) + " ";
  if (what.key != trace_event::no_key) text += keys[what.key] + " ";
  if (what.incarnation > 0) text += "#" + std::to_string(what.incarnation) + " ";
  text += to_string(what.what);
  if (what.what == happening::state || what.what == happening::status) text += " " + std::string(to_string(what.state));
  if (what.what == happening::row_put || (what.generation > 0 && (what.what == happening::get_answered || what.what == happening::row_seen)))
    text += what.yes ? " up" : " down";
  if (what.what == happening::start_answered || what.what == happening::run_answered || what.what == happening::stop_answered ||
      what.what == happening::looked || what.what == happening::status || what.what == happening::reload_answered ||
      what.what == happening::flush_answered || what.what == happening::crashed)
    text += what.yes ? ": yes" : ": no";
  if (what.generation > 0) text += ", generation " + std::to_string(what.generation);
  if (what.version > 0) text += ", version " + std::to_string(what.version);
  if (what.reason) text += ", because it " + std::string(to_string(*what.reason));
  if (what.because_of != trace_event::no_key) text += ", because of " + keys[what.because_of];
  return what.text.empty() ? text : text + ": " + what.text;
}

std::string simulation_report::to_string() const {
  std::string text = "simulation of seed " + std::to_string(seed) + "\n";
  for (const violation& each : violations) text += "violated: " + each.law + ": " + each.what + "\n";
  text += "\n" + plan.to_string() + "\n";
  for (std::size_t i = 0; i < trace.size(); ++i) {
    text += "  " + testing::to_string(trace[i], plan.keys) + "\n";
    for (const violation& each : violations)
      if (each.at == i) text += "^^ " + each.law + ": " + each.what + "\n";
  }
  return text;
}

}  // namespace steward::testing
