// SPDX-License-Identifier: Apache-2.0
//
// What a state store remembers, as text: for those that keep it outside the process.
#pragma once

#include "steward/state_store.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace steward {

/// How far the wall clock is ahead of that of instants, which begins anew with each boot: texts have wall time, in milliseconds.
[[nodiscard]] std::chrono::milliseconds wall_ahead() noexcept;

/// A line that names the form and its version, then a line `NAME VALUE` for each thing. Printable but for the ends of lines. Pure.
[[nodiscard]] std::string past_to_text(const row_past& past, std::chrono::milliseconds ahead);

/// Reads it back. Lines of names that it does not know are passed over. A value that cannot be read is as good as not remembered, and so is a backoff
/// without its end. Empty: the text is of another form, or of a later version. Pure.
[[nodiscard]] std::optional<row_past> past_from_text(std::string_view text, std::chrono::milliseconds ahead);

/// The same for the history of a group.
[[nodiscard]] std::string history_to_text(const restart_history& history, std::chrono::milliseconds ahead);
[[nodiscard]] std::optional<restart_history> history_from_text(std::string_view text, std::chrono::milliseconds ahead);

}  // namespace steward
