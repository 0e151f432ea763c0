// SPDX-License-Identifier: Apache-2.0
#include "unit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace steward {
namespace {

constexpr std::size_t longest_name = 64;

// Numbers 1 to 31 of Linux; the same on every architecture that we build for.
constexpr std::array<std::string_view, 32> signal_names{"",     "HUP",  "INT",  "QUIT", "ILL",    "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1",
                                                        "SEGV", "USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN",
                                                        "TTOU", "URG",  "XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS"};
static_assert(signal_names.at(SIGTERM) == "TERM" && signal_names.at(SIGSYS) == "SYS" && signal_names.at(SIGWINCH) == "WINCH");

}  // namespace

std::string unit_signal_name(int signal) {
  if (signal > 0 && static_cast<std::size_t>(signal) < signal_names.size()) return std::string(signal_names.at(static_cast<std::size_t>(signal)));
  return fmt::format("{}", signal);
}

std::optional<int> signal_number(std::string_view name) {
  const auto found = std::ranges::find(signal_names, name);
  if (!name.empty() && found != signal_names.end()) return static_cast<int>(found - signal_names.begin());
  int number = 0;
  const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (failed != std::errc() || end != name.data() + name.size() || number <= 0) return std::nullopt;
  return number;
}

bool is_unit_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > longest_name || name.front() == '.' || name.front() == '-') return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '@' || c == '-';
  });
}

}  // namespace steward
