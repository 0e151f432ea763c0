// SPDX-License-Identifier: Apache-2.0
#include "steward/exit.hpp"

#include <array>
#include <utility>

namespace steward {
namespace {

constexpr std::array<std::pair<exit_reason, std::string_view>, 7> names{{
    {exit_reason::completed, "completed"},
    {exit_reason::stopped, "stopped"},
    {exit_reason::failed, "failed"},
    {exit_reason::ended_before_ready, "ended_before_ready"},
    {exit_reason::start_deadline, "start_deadline"},
    {exit_reason::forced, "forced"},
    {exit_reason::exception, "exception"},
}};

}  // namespace

std::string_view to_string(exit_reason reason) noexcept {
  for (const auto& [each, name] : names)
    if (each == reason) return name;
  return "";
}

std::optional<exit_reason> exit_reason_from_string(std::string_view text) noexcept {
  for (const auto& [each, name] : names)
    if (name == text) return each;
  return std::nullopt;
}

}  // namespace steward
