// SPDX-License-Identifier: Apache-2.0
//
// The library's own error codes and stop reasons: two closed sets, pinned by a golden test because both are wire format.
#pragma once

#include <string_view>
#include <system_error>

namespace steward {

/// What went wrong, as far as the library itself can tell. Errors of other origin keep their own `std::error_code`.
/// The first five print the texts that users of the Go package know.
enum class errc : unsigned char {
  manager_not_running = 1,  ///< the manager is not running (yet, or any more)
  process_not_found,        ///< no process for this key
  process_not_running,      ///< there is one, and it is starting or stopping
  process_exists,           ///< already starting or running
  invalid_state,            ///< the process is not in a state that allows this
  stopped,                  ///< a context was stopped; `error::reason()` says why
  callback_already_called,  ///< a runnable called its callback twice
  ended_before_ready,       ///< a run ended without having called its callback
  would_wait_for_itself,    ///< a stop from inside the thing to be stopped, or needs that lead round in a circle
  empty_runnable,           ///< a runnable that holds nothing was run
  not_found,                ///< a table has no row of that key
  unreadable,               ///< a table, or one row of it, could not be read
  invalid_iterator,         ///< an iterator was read outside a row
  resource_not_ready,       ///< a resource was used outside the time that it is held
  failed,                   ///< failed, and the text says how
  exception,                ///< an exception escaped user code; the text has its type and message
  out_of_memory,            ///< an allocation failed
};

/// Why something was asked to stop. The first reason given wins.
enum class stop_reason : unsigned char {
  requested,        ///< somebody asked
  deadline,         ///< a deadline passed
  dependency_lost,  ///< what it stands on is no longer usable
  sibling_failed,   ///< one that starts or runs beside it failed
  lease_lost,       ///< the right to run it went elsewhere
  superseded,       ///< a newer version takes its place
  removed,          ///< its row was deleted
  shutdown,         ///< everything stops
};

/// The name that JSON, SQL and logs use, such as `"dependency_lost"`. Static storage.
[[nodiscard]] std::string_view to_string(stop_reason reason) noexcept;

/// The category of `errc`: named `"steward"`.
[[nodiscard]] const std::error_category& category() noexcept;
[[nodiscard]] std::error_code make_error_code(errc code) noexcept;

}  // namespace steward

template <>
struct std::is_error_code_enum<steward::errc> : std::true_type {};
