// SPDX-License-Identifier: Apache-2.0
//
// A scheduler whose time moves only when the test says so.
#pragma once

#include "steward/scheduler.hpp"
#include "steward/testing/choices.hpp"

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace steward::testing {

/// One thread and virtual time: nothing waits, and the same seed gives the same run.
///
///     virtual_scheduler time(seed);
///     root_context root(time);
///     background started(time, web.start(root));
///     time.advance(10ms);
///     EXPECT_TRUE(started.done());
///
/// With seed 0 it runs ready work in the order in which it was posted, as `run_loop` does. With any other, each time a random ready item, and control
/// that coroutines hand to one another goes through the queue too, so that the work of others may come between: whatever a pool of threads could
/// interleave at the waits of a program is reached by some seed. With `enumerated_choices` all of it is reached.
///
/// Threads: one; work posted from another is reported and ends the program.
/// Lifetime: destroying it with work or timers in it is reported and ends the program, as for every scheduler (PR11).
class virtual_scheduler final : public scheduler {
 public:
  /// What time it is at first: arbitrary, and always the same.
  static constexpr instant epoch{std::chrono::hours(1000)};

  explicit virtual_scheduler(std::uint64_t seed = 0);
  explicit virtual_scheduler(choices& source);  ///< `source` outlives it
  ~virtual_scheduler();

  /// Runs one ready item, without moving time. False: there is none.
  bool run_one();

  /// Runs what is ready until nothing is, without moving time. Returns how many items ran.
  std::size_t run_until_idle();

  /// Moves time to the next timer, if there is one. Its work becomes ready, and that of all others of the same instant.  Shape: call it when idle.
  bool move_to_next_timer();

  /// Runs until nothing is ready and time has moved by `duration`, stopping at each timer on the way.
  void advance(std::chrono::nanoseconds duration);

  /// Moves time by `duration` without running anything: what a machine that was asleep finds. All timers on the way become ready, late.
  void jump(std::chrono::nanoseconds duration);

  /// Runs, and moves time from timer to timer, until nothing is left. Never returns while something goes on for ever.
  void run();

  /// Runs, and moves time where nothing is ready, until `done()`, which it asks between any two items.
  /// False: it got stuck, with nothing ready and no timer, or the next timer is later than `limit` from now.
  template <std::predicate Done>
  bool run_until(Done&& done, std::chrono::nanoseconds limit = std::chrono::hours(24)) {
    const instant end = now_ + limit;
    while (!done()) {
      if (run_one()) continue;
      if (const auto next = next_timer(); !next || *next > end) return false;
      move_to_next_timer();
    }
    return true;
  }

  /// How much time has passed since `epoch`.
  [[nodiscard]] std::chrono::nanoseconds elapsed() const noexcept { return now_ - epoch; }

  /// When the next timer is due; empty if there is none.
  [[nodiscard]] std::optional<instant> next_timer() const noexcept;

  /// How many items and timers have not run.
  [[nodiscard]] std::size_t leftovers() const noexcept { return ready_.size() - first_ + timers_.size(); }

  void post(work& item) noexcept override;
  void post_at(timer& item, instant at) noexcept override;
  bool cancel(timer& item) noexcept override;
  [[nodiscard]] instant now() const noexcept override { return now_; }

 private:
  using place = std::pair<instant, std::uint64_t>;  // timers of one instant are in the order of posting

  [[nodiscard]] work& take();
  void ring_those_due();
  void look_for_livelock();
  void look_at_thread() const noexcept;

  std::unique_ptr<seeded_choices> own_;
  choices* source_;  // empty: in order
  instant now_ = epoch;
  std::vector<work*> ready_;
  std::size_t first_ = 0;  // what is before it has run
  std::map<place, timer*> timers_;
  std::unordered_map<const timer*, place> places_;
  std::uint64_t posted_timers_ = 0;
  std::size_t ran_at_this_instant_ = 0;
  std::thread::id thread_ = std::this_thread::get_id();
};

}  // namespace steward::testing
