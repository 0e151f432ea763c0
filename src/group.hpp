// SPDX-License-Identifier: Apache-2.0
//
// What `parallel` and `sequential` share: dependencies beside each other, started in some order, held until the main callback has returned.
#pragma once

#include "steward/context.hpp"
#include "steward/detail/fixed_array.hpp"
#include "steward/detail/maybe_error.hpp"
#include "steward/runnable.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace steward::detail {

enum class group_order : unsigned char { parallel, sequential };

/// Why the main callback is not going to be called.
enum class given_up : unsigned char { no, failed, stopped };

/// How far the start of a group has come. Decisions about it are here, apart from what carries them out.
struct group_progress {
  std::size_t total = 0;
  std::size_t launched = 0;
  std::size_t starting = 0;
  std::size_t ready = 0;
  given_up why = given_up::no;

  /// Nothing starts any more: either all are ready, or the start has been given up.
  [[nodiscard]] bool settled() const noexcept { return starting == 0 && (launched == total || why != given_up::no); }

  /// The main callback may be called.
  [[nodiscard]] bool all_ready() const noexcept { return ready == total && why == given_up::no; }

  /// A sequential group starts the next one.
  [[nodiscard]] bool next_may_start() const noexcept { return why == given_up::no && launched < total; }
};

class group_run;

/// One dependency in one run: its context, its task, and its callback's wait. It is a waiter for the end of its run, and a hook on the context that
/// it handed to its callback, whose stop means that it is lost.
class dependency final : private waiter, private hook {
 public:
  explicit dependency(group_run& run) noexcept;

  void launch(const runnable& what) noexcept;

  /// Lets the callback return: the dependency winds down. Whoever calls goes on running.
  void release() noexcept;

  [[nodiscard]] bool is_echo() const noexcept { return err_->is_echo_of(&own_); }
  [[nodiscard]] const maybe_error& err() const noexcept { return err_; }

 private:
  friend class group_run;
  class ready_wait;
  enum class phase : unsigned char { idle, starting, ready, ended };

  static void run_ended(work& self) noexcept;
  static void handed_stopped(hook& self) noexcept;
  static task<> ready(ready_wait wait);
  bool begin_wait(waiter& callback, context& handed) noexcept;
  void end_wait() noexcept;

  group_run& run_;
  context own_;
  task<> task_;
  waiter* callback_ = nullptr;
  context* handed_ = nullptr;  // watched for its stop
  maybe_error err_;
  phase phase_ = phase::idle;
  bool called_ = false;
};

/// One run of a group. Its state is guarded by the lock of the domain that it runs in.
class group_run {
 public:
  class wait;
  enum class goal : unsigned char { settled, one_ended, all_ended };

  group_run(context& ctx, const std::vector<runnable>& parts, group_order order);

  /// Starts the dependencies. True to suspend until they have settled.
  bool launch(waiter& who) noexcept;

  /// True to suspend until the goal is reached.
  bool suspend(waiter& who, goal until, const dependency* which) noexcept;

  /// Puts `main` in place as the context that stops when a dependency is lost. False: it must not be called.
  bool enter(context& main) noexcept;
  void leave() noexcept;

  /// What the whole run returns.
  [[nodiscard]] result<> outcome(const std::optional<result<>>& of_callback) const;

  [[nodiscard]] std::size_t launched() const noexcept { return progress_.launched; }
  [[nodiscard]] dependency& at(std::size_t index) noexcept { return dependencies_[index]; }

 private:
  friend class dependency;

  [[nodiscard]] bool reached() const noexcept;
  [[nodiscard]] waiter* take_if_reached() noexcept;
  void give_up(std::unique_lock<spin_lock>& held) noexcept;
  std::optional<std::size_t> next_to_launch() noexcept;

  context& ctx_;
  const std::vector<runnable>& parts_;
  group_order order_;
  goal goal_ = goal::settled;
  bool entered_ = false;  // the main callback has been called; a loss is no failed start any more
  std::size_t ended_ = 0;
  group_progress progress_;
  const dependency* awaited_ = nullptr;
  waiter* waiting_ = nullptr;
  context* main_ = nullptr;
  fixed_array<dependency> dependencies_;
};

/// Runs the parts as a group.  Shape: at least two.
[[nodiscard]] runnable group(std::vector<runnable> parts, group_order order);

}  // namespace steward::detail
