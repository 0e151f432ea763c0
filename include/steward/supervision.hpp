// SPDX-License-Identifier: Apache-2.0
//
// What a supervisor is told about one process beside its restart policy: deadlines, what it requires, the group it belongs to.
#pragma once

#include "steward/restart_policy.hpp"
#include "steward/sequel.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace steward {

/// How long each phase of a process may take. Zero or less is no limit. Ready, or gone, at the very instant is in time.
struct process_deadlines {
  std::chrono::nanoseconds start{};  ///< from the start of its run until it is ready; then it is forced
  std::chrono::nanoseconds stop{};   ///< from being asked to stop until it is gone; then it is forced
  std::chrono::nanoseconds kill{};   ///< from being forced until it is gone; then it is `abandoned`, and nothing takes its place until it is gone

  friend bool operator==(const process_deadlines&, const process_deadlines&) = default;
};

/// What happens to a process when one that it requires goes down. Wire format.
enum class on_loss : unsigned char {
  ignore,   ///< nothing
  restart,  ///< it is asked to stop, and started again when the other is running again
  stop,     ///< it is asked to stop, and stays down until its row is edited or it is started by hand
};

/// `"ignore"`, `"restart"`, `"stop"`. Static storage.
[[nodiscard]] std::string_view to_string(on_loss what) noexcept;
[[nodiscard]] std::optional<on_loss> on_loss_from_string(std::string_view text) noexcept;

/// What to do to one that requires what goes down.
enum class loss_action : unsigned char {
  nothing,
  go_with_group,  ///< end it; its group says what follows
  restart,        ///< end it, and start it again when the other is running again
  park,           ///< end it, if it does not go down already, and keep it down for this generation
};

/// What is known of one that requires what goes down.
struct loss_facts {
  on_loss loss = on_loss::ignore;
  bool going = false;                  ///< it goes down already
  bool taken_down = false;             ///< and does so because of another
  sequel follows = sequel::by_policy;  ///< what has been said to follow its end
};

/// Decides for one that requires what goes down. Pure.
[[nodiscard]] constexpr loss_action decide_loss(const loss_facts& facts) noexcept {
  using enum loss_action;
  if (facts.loss == on_loss::ignore) return nothing;
  if (facts.follows == sequel::with_group) return facts.going ? nothing : go_with_group;
  const bool is_decided = !facts.taken_down || facts.follows == sequel::gave_up;
  if (facts.going && is_decided) return nothing;  // somebody else has said what becomes of it
  if (facts.loss == on_loss::stop) return park;
  return facts.going ? nothing : restart;
}

/// Another key that must be running while this one does.
template <class Key>
struct requirement {
  Key key;
  on_loss loss = on_loss::restart;

  friend bool operator==(const requirement&, const requirement&) = default;
};

/// Who goes down with a member of a group that has failed. Wire format.
enum class group_strategy : unsigned char {
  one_for_one,   ///< nobody
  one_for_all,   ///< all others
  rest_for_one,  ///< those whose place comes after its own
};

/// `"one_for_one"`, `"one_for_all"`, `"rest_for_one"`. Static storage.
[[nodiscard]] std::string_view to_string(group_strategy strategy) noexcept;
[[nodiscard]] std::optional<group_strategy> group_strategy_from_string(std::string_view text) noexcept;

/// Whether the member at `place` goes down with one at `failed`. Pure. It is not asked about the failed one itself.
[[nodiscard]] constexpr bool goes_down_with(group_strategy strategy, std::uint32_t failed, std::uint32_t place) noexcept {
  switch (strategy) {
    case group_strategy::one_for_one:
      return false;
    case group_strategy::one_for_all:
      return true;
    case group_strategy::rest_for_one:
      return place > failed;
  }
  return false;
}

/// The policy of a group. Its restarts are counted apart from those of its members: each failure of a member is one.
struct group_policy {
  group_strategy strategy = group_strategy::one_for_one;
  restart_policy restart;  ///< `restart.when` is that of the failed member; delays and budget hold for the group as a whole

  friend bool operator==(const group_policy&, const group_policy&) = default;
};

/// What follows the failure of a member of a group.
struct group_decision {
  verdict what = verdict::restart;    ///< `restart` or `gave_up`
  bool together = false;              ///< those that go down with it share this, and come up again with it; else it is the member's alone
  std::chrono::nanoseconds delay{0};  ///< how long after the end; zero is at once
  restart_history history;            ///< what to remember of the group

  friend bool operator==(const group_decision&, const group_decision&) = default;
};

/// Decides what follows the end `ended` of a member, whose own policy has decided `own`. Pure.
/// Shape: `own` is a restart, or has given up: what its own policy leaves at that is no matter of its group. `history` is the group's; `spread` is as
/// for `decide_restart`. Who goes down with it says `goes_down_with`.
[[nodiscard]] group_decision decide_group(const group_policy& policy, restart_history history, const restart_decision& own, const exit& ended,
                                          double spread);

/// Where a process stands in a group.
struct group_place {
  std::string group;
  std::uint32_t place = 0;  ///< the order in which a group is started again, and the "rest" of `rest_for_one`

  friend bool operator==(const group_place&, const group_place&) = default;
};

/// One limit for all starts, or for the whole end. Zero or less is none. A fifth of it is kept for the forced phase.
struct total_deadlines {
  std::chrono::nanoseconds start{};  ///< from the begin of the run: first starts that are not ready by then are forced
  std::chrono::nanoseconds stop{};   ///< from the return of the callback: what still lives is forced after four fifths, abandoned at the end

  /// The part before anything is forced.
  [[nodiscard]] static constexpr std::chrono::nanoseconds graceful(std::chrono::nanoseconds total) noexcept { return total - total / 5; }

  friend bool operator==(const total_deadlines&, const total_deadlines&) = default;
};

}  // namespace steward
