// SPDX-License-Identifier: Apache-2.0
//
// Runnables that follow a script.
#pragma once

#include "steward/runnable.hpp"
#include "steward/testing/gate.hpp"
#include "steward/testing/journal.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace steward::testing {

/// A runnable that does what it is told, at the virtual times that it is told, and writes down what happens.
///
///     runnable web = scripted("web", log).ready_after(10ms).lose_after(1s).fail_with(error("disk full"));
///
/// By default it is ready at once, hands its own context to the callback, ends when that has returned, and returns what it returned.
/// In the journal: `NAME start`, `NAME ready`, `NAME lost`, `NAME released` (the callback has returned), `NAME forced` (its context was stopped while
/// it wound down or still started) and `NAME end`.
///
/// Copies share their counters. Threads: any, as far as the gates are not used.
class scripted {
 public:
  using duration = std::chrono::nanoseconds;

  explicit scripted(std::string name);
  scripted(std::string name, journal& log);

  // Starting.
  scripted& ready_after(duration time);
  scripted& ready_when(gate& open);  ///< waits for the gate, and for nothing else
  scripted& hang();                  ///< never becomes ready; ends when it is stopped
  scripted& end_before_ready(result<> outcome = {});
  scripted& calls_twice();  ///< calls its callback a second time, which must fail

  // Running: what it hands to its callback, and how it is lost.
  scripted& hands_child();              ///< a child of its context instead of the context itself
  scripted& lose_after(duration time);  ///< this long after being ready it is no longer usable, then waits for its callback

  // Winding down, and what is returned unless the callback failed.
  scripted& winds_down_in(duration time);
  scripted& winds_down_when(gate& open);
  scripted& fail_with(error why);

  /// Ignores its context: no wait of it ends because of a stop.
  scripted& ignore_stop();

  /// Calls `what`, which may throw, at a moment.
  scripted& at_start(std::function<void()> what);
  scripted& at_end(std::function<void()> what);

  /// The next run follows `next`, and so do those after it unless it has a `then` of its own.
  scripted& then(scripted next);

  [[nodiscard]] std::size_t runs() const noexcept { return counters_->runs; }
  [[nodiscard]] std::size_t alive() const noexcept { return counters_->alive; }
  [[nodiscard]] std::size_t most_alive() const noexcept { return counters_->most_alive; }

  task<> run(context& ctx, callback ready);

 private:
  struct script {
    std::string name;
    journal* log = nullptr;
    duration ready_after{0};
    gate* ready_gate = nullptr;
    bool hang = false;
    std::optional<result<>> end_before_ready;
    bool twice = false;
    bool child = false;
    std::optional<duration> lose_after;
    duration wind_down{0};
    gate* end_gate = nullptr;
    std::optional<error> fails;
    bool deaf = false;
    std::function<void()> at_start;
    std::function<void()> at_end;
  };
  struct counters {
    std::atomic<std::size_t> runs{0};
    std::atomic<std::size_t> alive{0};
    std::atomic<std::size_t> most_alive{0};
  };
  class alive_mark;

  [[nodiscard]] script& last() noexcept { return *scripts_.back(); }
  static void note(const script& how, const context& ctx, const char* what);
  static task<> follow(std::shared_ptr<const script> how, std::shared_ptr<counters> count, context& ctx, callback ready);
  static task<> become_ready(const script& how, context& ctx);
  static task<> hand_child(const script& how, context& ctx, callback ready);
  static task<> call(const script& how, context& handed, callback ready);
  static task<> wind_down(const script& how, context& ctx);

  std::vector<std::shared_ptr<script>> scripts_;
  std::shared_ptr<counters> counters_;
};

}  // namespace steward::testing
