// SPDX-License-Identifier: Apache-2.0
//
// One process and everybody who can do something to it, at any moment that a schedule picks; with what must hold whatever the schedule.
#pragma once

#include "steward/process.hpp"
#include "unit/virtual_test.hpp"

#include <list>
#include <optional>
#include <string>
#include <vector>

namespace steward::test {

/// What the runnable does.
enum class behaviour : unsigned char {
  orderly,         ///< ready, then in use, then winds down
  lost,            ///< hands on a child, which somebody stops
  lost_elsewhere,  ///< hands on a context of another tree, which somebody stops
  lost_at_once,    ///< hands on a child that is stopped already
  fails_to_start,
  ends_before_ready,
  fails_at_the_end,
  deaf,  ///< ignores its context
};
inline constexpr std::size_t behaviours = 8;

/// Who takes part.
enum class actor : unsigned char {
  starter,
  second_starter,
  stopper,
  second_stopper,
  start_deadline,  ///< stops the context of the starters
  stop_deadline,   ///< stops the context of the stoppers
  parent,          ///< stops the context that the process was made with
  forcer,
  requester,  ///< asks for the stop, with a cause
  watcher,    ///< waits for `done`
};
inline constexpr std::size_t actor_count = 10;

class process_world {
 public:
  /// `step` is asked how long whoever takes part waits before it acts, and the runnable between its steps.
  process_world(virtual_scheduler& time, behaviour how, std::vector<actor> who, std::function<std::chrono::nanoseconds()> step);

  /// Runs to the end, looking at the process after every item, and checks what the laws say.
  void run();

 private:
  struct part {
    actor who;
    std::list<background<void>>::iterator job;
  };

  void take_part(actor who);
  task<> act(actor who);
  task<> follow(context& ctx, callback ready);
  task<> lose(context& handed);
  void look();
  void drain();
  void check_starts() const;
  void check_stops() const;
  void check_end() const;
  [[nodiscard]] bool has(actor who) const;
  [[nodiscard]] std::vector<const background<void>*> jobs_of(actor first, actor second) const;

  virtual_scheduler& time_;
  behaviour how_;
  std::function<std::chrono::nanoseconds()> step_;
  root_context root_{time_};
  root_context elsewhere_{time_};
  context parent_{root_};
  context of_start_{root_};
  context of_stop_{root_};
  std::list<background<void>> jobs_;
  std::vector<part> parts_;
  int runs_ = 0;
  int inside_ = 0;
  bool saw_running_ = false;
  bool stopped_before_ready_ = false;
  process_state last_ = process_state::initial;
  std::optional<result<>> final_err_;
  std::optional<process> process_;
};

}  // namespace steward::test
