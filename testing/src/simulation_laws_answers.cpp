// SPDX-License-Identifier: Apache-2.0
#include "simulation_laws.hpp"

#include <array>

namespace steward::testing {
namespace {

std::string started_is_ready(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::start_answered || !now.yes) return {};
  const auto& readied = known.key(now.key).readied;
  if (const auto found = readied.find(now.version); found != readied.end() && found->second > now.call) return {};
  return "success, and no process of version " + std::to_string(now.version) + " has become ready since the call";
}

std::string stopped_is_gone(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::stop_answered || !now.yes) return {};
  const key_facts& its = known.key(now.key);
  for (const auto* each : {&its.live, &its.heir, &its.left})
    if (*each && (*each)->begun <= now.call)
      return "success, and incarnation " + std::to_string((*each)->incarnation) + ", which lived when it was called, is alive";
  return {};
}

std::string get_says_what_is(const simulation_model& known, const trace_event& now) {
  if (now.what != happening::looked) return {};
  const key_facts& its = known.key(now.key);
  std::string expected = "process: process not found";
  if (its.state == row_state::running)
    expected = "";
  else if (is_alive(its.state))
    expected = "process: process is not running";
  if (now.text != expected) return "expected of " + std::string(to_string(its.state)) + ": " + (expected.empty() ? "a value" : expected);
  const auto& process = its.live ? its.live : its.last;
  if (now.yes && process && process->version != now.version) return "version " + std::to_string(process->version) + " runs";
  return {};
}

constexpr std::array<simulation_law, 3> laws{
    {{"M4_started_is_ready", started_is_ready}, {"M5_stopped_is_gone", stopped_is_gone}, {"M6_get_says_what_is", get_says_what_is}}};

}  // namespace

std::span<const simulation_law> laws_of_answers() noexcept { return laws; }

}  // namespace steward::testing
