// SPDX-License-Identifier: Apache-2.0
//
// The states of one process, as a table and a pure function. docs/states.md shows the same table; a test holds the two together.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace steward {

/// Where one process is in its one life. Wire format.
enum class process_state : unsigned char {
  initial,   ///< made, not started
  starting,  ///< its runnable runs and has not called its callback
  running,   ///< ready: the callback is being called, the handed context is alive
  stopped,   ///< will not become usable again: asked to stop, lost, or ended; whether it is gone, `done` tells
};

/// What can happen to a process.
enum class process_event : unsigned char {
  start,  ///< somebody calls `start`
  ready,  ///< the runnable calls its callback
  lost,   ///< the context handed to the callback was stopped by the runnable
  stop,   ///< somebody calls `stop`, or asks for it from inside
  force,  ///< the process's own context stops
  end,    ///< `run` has completed
};

/// What a process does about an event.
struct process_transition {
  process_state to{};
  bool accepted = true;  ///< false: the caller gets `invalid_state` and nothing changes
  bool run = false;      ///< run the runnable
  bool release = false;  ///< let the callback return: the runnable winds down
  bool force = false;    ///< stop the process's own context
  bool finish = false;   ///< it is gone: fire `done`

  friend constexpr bool operator==(const process_transition&, const process_transition&) = default;
};

inline constexpr std::size_t process_states = 4;
inline constexpr std::size_t process_events = 6;

/// The whole behaviour of a process.  Source: laws PR1 to PR10.
inline constexpr std::array<std::array<process_transition, process_events>, process_states> process_table = [] {
  using enum process_state;
  constexpr process_transition refused_in_starting{.to = starting, .accepted = false};
  constexpr process_transition refused_in_running{.to = running, .accepted = false};
  constexpr process_transition refused_in_stopped{.to = stopped, .accepted = false};
  constexpr process_transition impossible{.to = initial, .accepted = false};
  return std::array<std::array<process_transition, process_events>, process_states>{{
      // start
      // ready                                 lost                                    stop
      // force                                 end
      {{{.to = starting, .run = true}, impossible, impossible, {.to = stopped, .finish = true}, {.to = stopped, .finish = true}, impossible}},
      {{refused_in_starting, {.to = running}, {.to = stopped}, {.to = stopped, .force = true}, {.to = stopped}, {.to = stopped, .finish = true}}},
      {{refused_in_running,
        {.to = running, .accepted = false},
        {.to = stopped, .release = true},
        {.to = stopped, .release = true},
        {.to = stopped, .release = true},
        {.to = stopped, .finish = true}}},
      {{refused_in_stopped,
        {.to = stopped, .release = true},
        {.to = stopped},
        refused_in_stopped,
        {.to = stopped, .release = true},
        {.to = stopped, .finish = true}}},
  }};
}();

/// What follows `event` in `state`. Pure.
[[nodiscard]] constexpr const process_transition& transition(process_state state, process_event event) noexcept {
  return process_table[static_cast<std::size_t>(state)][static_cast<std::size_t>(event)];
}

/// `"starting"` and so on. Static storage.
[[nodiscard]] std::string_view to_string(process_state state) noexcept;
[[nodiscard]] std::string_view to_string(process_event event) noexcept;

}  // namespace steward
