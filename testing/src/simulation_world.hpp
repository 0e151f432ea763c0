// SPDX-License-Identifier: Apache-2.0
//
// A manager, its table, its callers and its processes in virtual time, doing what a plan says and writing down what happens.
#pragma once

#include "simulation_keeper.hpp"
#include "simulation_store.hpp"
#include "simulation_table.hpp"
#include "steward/manager.hpp"
#include "steward/root_context.hpp"
#include "steward/testing/background.hpp"
#include "steward/testing/faulty_table.hpp"
#include "steward/testing/gate.hpp"
#include "steward/testing/simulation.hpp"
#include "steward/testing/virtual_scheduler.hpp"

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace steward::testing {

class simulation_world {
 public:
  simulation_world(std::uint64_t seed, const simulation_plan& plan, const simulation_options& what, simulation_trace& trace);

  /// Does it all. False: something does not end, and the world can neither go on nor be destroyed.
  [[nodiscard]] bool play();

 private:
  using fleet = manager<std::string, simulated_row>;

  /// One incarnation, as the factory sees it begin.
  struct incarnation : simulated_process {
    simulated_run script;
    runnable inside;
  };
  class on_stage;

  [[nodiscard]] fleet::options_type options();
  [[nodiscard]] result<runnable> make(const std::string& name, const simulated_row& row);
  task<> live(context& ctx, callback ready, incarnation who);
  task<> reload(context& ctx, std::size_t key, std::uint32_t version, simulated_edit how);
  task<> be_used(context& ctx, context& handed, callback ready, const incarnation& who, on_stage& here);
  task<> until_lost(context& handed, callback ready, const incarnation& who, bool& lost);
  task<> main_run(context& ctx);
  task<> other_run(std::chrono::nanoseconds patience);
  task<> hold(context& ctx, std::size_t call);

  /// One run of the manager; up to the first crash if there is one. What comes after that is left in `what`.
  [[nodiscard]] bool run_once(std::span<const simulated_deed>& what);
  void crash(const simulated_deed& what);
  void begin_life();
  // What outlives a manager: simulation_outlived.cpp
  void keep_those_that_outlive(const simulated_deed& what);
  [[nodiscard]] bool goes_on(const std::string& name);
  [[nodiscard]] row_past with_its_number(const std::string& name, row_past past);
  void enter(incarnation& who);
  void end_what_is_kept();
  void perform(const simulated_deed& what);
  void call(task<> made) { callers_.emplace_back(time_, std::move(made)); }
  void rush(const simulated_deed& what);
  void edit(const simulated_deed& what);
  void misbehave(const simulated_deed& what);
  void misbehave_in_store(const simulated_deed& what);
  void look(std::size_t key);
  void settle();
  task<> tell_held_hints_after(std::chrono::nanoseconds time, hint_order order);
  task<> start(std::size_t key, std::chrono::nanoseconds patience);
  task<> stop(std::size_t key, std::chrono::nanoseconds patience);

  [[nodiscard]] std::size_t number_of(const std::string& name) const;
  trace_event& note(happening what, std::size_t key = trace_event::no_key);
  template <class T>
  trace_event& note_answer(happening what, std::size_t call, const result<T>& answer, std::size_t key = trace_event::no_key);
  trace_event& note(happening what, const simulated_process& who);
  void note(const manager_event<std::string>& what);
  [[nodiscard]] result<row<simulated_row>> row_of(const std::string& name);
  void note_row(std::size_t key);

  const simulation_plan& plan_;
  const simulation_options& what_;
  simulation_trace& trace_;
  virtual_scheduler time_;
  std::list<root_context> roots_;  // of each run, the present one last
  root_context callers_root_{time_};
  virtual_scheduler aside_;
  root_context aside_root_{aside_};
  memory_table<std::string, simulated_row> rows_;
  faulty_table<std::string, simulated_row> table_{rows_};
  told_table told_{table_, trace_, [this](happening what, const std::string* key) -> trace_event& {
                     if (what == happening::run_begun) ++runs_begun_;
                     return note(what, key == nullptr ? trace_event::no_key : number_of(*key));
                   }};
  simulated_store store_{
      trace_,
      [this](happening what, const std::string* key) -> trace_event& { return note(what, key == nullptr ? trace_event::no_key : number_of(*key)); },
      [this](const std::string& name, row_past past) { return with_its_number(name, std::move(past)); }};
  simulated_keeper keeper_;
  std::vector<const incarnation*> on_stage_;
  std::map<std::uint64_t, std::uint32_t> versions_;  // of all generations of rows
  bool is_lost_ = false;                             // the manager: what it still does on its way out never happened
  trace_event unheard_;
  std::map<std::uint32_t, std::size_t> runs_;  // how many there were of each version
  std::size_t main_call_ = 0;                  // where in the trace the present run was called
  std::size_t runs_begun_ = 0;                 // of the present manager: whoever runs it after another comes after that
  bool another_waits_ = false;                 // to run it
  gate released_;
  std::list<background<void>> callers_;
  std::unique_ptr<fleet> kept_;
};

}  // namespace steward::testing
