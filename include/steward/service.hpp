// SPDX-License-Identifier: Apache-2.0
//
// A whole program, run on a scheduler that somebody else drives.
#pragma once

#include "steward/detail/escalation.hpp"
#include "steward/process.hpp"
#include "steward/root_context.hpp"
#include "steward/straggler.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace steward {

/// How long a program may take to end. Zero or less is no limit.
struct service_options {
  service_options() = default;

  std::chrono::nanoseconds graceful = std::chrono::seconds(10);  ///< from the first request to stop; then it is forced
  std::chrono::nanoseconds forced = std::chrono::seconds(5);     ///< from then on; then it is given up
  std::string name;                                              ///< in messages and paths; by default that of the executable
};

/// How a program ended.
struct service_end {
  int code = 0;                 ///< one of `exit_codes`, but `wrong_use`
  result<> outcome;             ///< the error behind a code other than `success`
  std::vector<straggler> left;  ///< who has not ended
};

/// Runs a runnable as a whole program on a scheduler of yours, for programs that have a main loop and signal handling of their own.
/// `run_until_signal` is this, with a loop and signals.
///
///     service app(scheduler, chain(database, http));
///     if (auto ready = app.start(); !ready) …      // from a plain thread: waits until it is ready
///     …                                            // until your program wants to end
///     app.request_stop();                          // from any thread; a second time forces
///     return app.wait().code;
///
/// Stop: graceful; forced after `options.graceful`, or at once when asked a second time; given up after another `options.forced`. That holds
/// however it begins to end: asked from outside, by `ctx.request_stop(cause)` from inside, or by itself.
/// Errors: a program that is stopped and does as it is asked succeeds (E4), also if it was not ready yet. One that ends by itself before it was
/// ready has failed.
/// Threads: `launch`, `request_stop` and `running` from any; what waits from any but those that drive the scheduler; nothing from a signal handler.
/// One thread of its own keeps the deadlines, so that they hold even if the scheduler's threads are stuck.
/// Lifetime: the scheduler outlives it, and is driven until it has ended. Destroying it before is reported and ends the program (PR11): who was
/// told of stragglers leaves by `_exit`.
class service final : private waiter {
 public:
  using end_function = std::move_only_function<void(const service_end&)>;

  /// Shape: `on_end`, if given, is called once when it has ended or was given up, on the service's own thread, before `wait` returns.
  /// Errors: throws `std::system_error` if no thread can be started.
  service(scheduler& on, runnable what, const service_options& options = {}, end_function on_end = {});
  ~service();

  /// Starts it, without waiting.  Shape: once; `start` does it as well.
  void launch() noexcept;

  /// Starts it and waits until it is ready.  Errors: `run: …` if it ended before.
  [[nodiscard]] result<> start();

  /// Asks it to end, gracefully; the second time, forces it. Does not wait.
  /// Shape: `graceful`, if given with the first request, replaces the options': for a program that knows only then how long it needs.
  void request_stop(std::optional<std::chrono::nanoseconds> graceful = {}) noexcept;

  /// Waits until it has ended or was given up.
  [[nodiscard]] service_end wait();

  /// Who runs at this instant.
  [[nodiscard]] std::vector<straggler> running() const { return stragglers(root_); }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  static void life_ended(work& self) noexcept;

  task<> life();
  task<> observe(context& ctx, callback ready);
  void wind_down_began() noexcept;
  void perform(detail::escalation::action what) noexcept;
  void watch() noexcept;
  [[nodiscard]] service_end judge(bool gave_up) const;
  [[nodiscard]] result<> verdict() const;

  std::string name_;
  service_options options_;
  root_context root_;
  context until_forced_{root_};
  runnable what_;
  process app_;
  task<> life_;

  mutable std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  detail::escalation escalation_;
  bool launched_ = false;
  bool over_ = false;   // the life is
  bool leave_ = false;  // the watcher has nothing to wait for
  std::optional<result<>> started_;
  std::optional<service_end> end_;

  const context* own_ = nullptr;  // the process's, and whether it was stopped when the run completed; of the life, read when it is over
  bool stopped_in_the_end_ = false;
  end_function on_end_;
  std::thread watcher_;
};

}  // namespace steward
