// SPDX-License-Identifier: Apache-2.0
#include "event_text.hpp"

#include "status_text.hpp"
#include "text.hpp"

#include <fmt/format.h>

namespace steward {
namespace {

// How it ended, where the state does not say so already.
std::string end_of(const unit_event& what) {
  if (!what.exit || (what.state == row_state::stopped && what.exit->reason == exit_reason::stopped)) return {};
  return fmt::format(", {}", exit_text(*what.exit));
}

std::string state_of(const unit_event& what) {
  std::string text = fmt::format("{}{}", to_string(*what.state), end_of(what));
  const bool up_again = what.state == row_state::starting || what.state == row_state::running;
  if (what.because_of && !up_again) text += fmt::format(", because of {}", printable(*what.because_of));
  if (what.until && *what.until > what.at) text += fmt::format(", starts again at {}", timestamp_text(*what.until));
  return text;
}

}  // namespace

std::string event_line(const unit_event& what) {
  const std::string key = what.key ? printable(*what.key) + ": " : std::string();
  const std::string text = what.state ? state_of(what) : fmt::format("error: {}", printable(what.error.value_or("unknown")));
  return fmt::format("{} {}{}\n", timestamp_text(what.at), key, text);
}

std::string event_line(const lost_events& what) {
  return fmt::format("{} event{} missing here: more came than could be kept for this reader\n", what.count, what.count == 1 ? " is" : "s are");
}

}  // namespace steward
