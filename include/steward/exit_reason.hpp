// SPDX-License-Identifier: Apache-2.0
//
// How something ended, in one word, and what that is told from.
#pragma once

#include "steward/error.hpp"

#include <optional>
#include <string_view>

namespace steward {

/// How something ended. A closed set, and wire format.
enum class exit_reason : unsigned char {
  completed,           ///< by itself, with success, after it was ready
  stopped,             ///< because it was asked to, gracefully; also one that was still starting, and ended with success
  failed,              ///< with an error
  ended_before_ready,  ///< with success, but it never became ready
  start_deadline,      ///< it was not ready in time and was forced
  forced,              ///< asked to stop, and forced because it did not in time
  exception,           ///< an exception escaped it
};

/// `"ended_before_ready"` and so on. Static storage.
[[nodiscard]] std::string_view to_string(exit_reason reason) noexcept;
[[nodiscard]] std::optional<exit_reason> exit_reason_from_string(std::string_view text) noexcept;

/// What is known of an end, to tell its reason from.
struct end_facts {
  bool asked = false;   ///< somebody asked it to stop
  bool late = false;    ///< it was not ready by its deadline, and was forced for that
  bool forced = false;  ///< its context was stopped before its run had ended
  bool was_ready = false;
  std::optional<error> failure = std::nullopt;  ///< what the run returned
};

/// Tells how an incarnation ended. Pure.
[[nodiscard]] exit_reason reason_of(const end_facts& facts) noexcept;

}  // namespace steward
