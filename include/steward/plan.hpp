// SPDX-License-Identifier: Apache-2.0
//
// What a manager would do if its table were another: the answer before the deed.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace steward {

/// What would happen to one key. Wire format.
enum class plan_action : unsigned char {
  stop,     ///< what lives ends, or a backoff or a wait does; nothing is started
  restart,  ///< what lives ends, and is started again as soon as those run that it waits for
  replace,  ///< a second one is started, then the first is stopped
  reload,   ///< what runs takes the new value
  keep,     ///< what runs goes on, with the new value
  start,    ///< it is started
  wait,     ///< it would be started, but waits for others that do not run
};

/// `"stop"` and so on. Static storage.
[[nodiscard]] std::string_view to_string(plan_action action) noexcept;
[[nodiscard]] std::optional<plan_action> plan_action_from_string(std::string_view text) noexcept;

/// One line of a plan.
template <class Key>
struct planned {
  Key key;
  plan_action action{};
  std::optional<Key> because_of;  ///< goes down with this one, which it requires
  std::vector<Key> waiting_for;   ///< who does not run, and is not to be started either

  friend bool operator==(const planned&, const planned&) = default;
};

}  // namespace steward
