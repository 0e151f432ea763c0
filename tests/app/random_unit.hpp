// SPDX-License-Identifier: Apache-2.0
//
// Random units for property tests: every field takes unusual values too.
#pragma once

#include "duration_text.hpp"
#include "unit.hpp"

#include <random>
#include <string>
#include <string_view>

namespace steward::testing {

/// Makes units from a seed. The same seed gives the same units.
class unit_maker {
 public:
  explicit unit_maker(std::uint64_t seed) : random_(seed) {}

  unit make() {
    unit out;
    out.program.command = {one_in(2) ? "/" + text() : name()};
    for (std::size_t i = pick(4); i > 0; --i) out.program.command.push_back(text());
    if (one_in(2)) out.program.directory = "/" + text();
    for (std::size_t i = pick(4); i > 0; --i) out.program.environment.insert_or_assign(name(), text());
    out.restart.when = static_cast<restart>(pick(3));
    out.restart.delays.initial = duration() + std::chrono::nanoseconds(1);
    out.restart.delays.max = std::max(out.restart.delays.initial, duration());
    out.restart.delays.factor = one_in(3) ? 2 : std::uniform_real_distribution<double>(1, 1000)(random_);
    out.restart.delays.jitter = one_in(3) ? 1 : std::uniform_real_distribution<double>(0, 1)(random_);
    out.restart.delays.reset_after = duration();
    out.stop.signal = one_in(2) ? SIGTERM : one_in(2) ? SIGKILL : SIGWINCH;
    out.stop.deadline = duration();
    out.start_deadline = duration() + std::chrono::nanoseconds(1);
    if (one_in(2)) out.kill_deadline = duration() + std::chrono::nanoseconds(1);
    if (one_in(2)) out.restart.budget = budget();
    for (std::size_t i = pick(3); i > 0; --i) out.requirements.push_back({name() + std::to_string(i), static_cast<on_loss>(pick(3))});
    if (one_in(3)) out.group = group();
    for (std::size_t i = pick(4); i > 0; --i) out.after.push_back(name() + std::to_string(i));
    out.ready = ready();
    return out;
  }

  std::size_t pick(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_); }
  bool one_in(std::size_t n) { return pick(n) == 0; }

  /// Letters and digits only.
  std::string name() {
    std::string out(1 + pick(8), 'a');
    for (char& c : out) c = "abcxyzABC019"[pick(12)];
    return out;
  }

  /// Anything but NUL that is UTF-8.
  std::string text() {
    constexpr std::string_view pieces[] = {"a", "Z", " ", "\"", "\\",   "\n", "\t", "\x01", "\x7f", "ß", "日", "\xf0\x9f\x98\x80",
                                           "/", "=", "'", "{",  "$HOME"};
    std::string out;
    for (std::size_t i = pick(10); i > 0; --i) out += pieces[pick(std::size(pieces))];
    return out;
  }

 private:
  std::chrono::nanoseconds duration() {
    const auto whole = std::uniform_int_distribution<std::int64_t>(0, longest_duration.count() - 1)(random_);
    return std::chrono::nanoseconds(whole >> pick(60));
  }

  restart_budget budget() {
    return {.restarts = static_cast<std::uint32_t>(pick(10001)),
            .window = duration() + std::chrono::nanoseconds(1),
            .then = static_cast<exhausted>(pick(2))};
  }

  unit_group group() {
    unit_group out{.name = name(), .place = static_cast<std::uint32_t>(pick(1000001)), .policy = {}};
    out.policy.strategy = static_cast<group_strategy>(pick(3));
    if (one_in(2)) out.policy.restart.delays.max = std::chrono::hours(1) + duration();
    if (one_in(2)) out.policy.restart.budget = budget();
    return out;
  }

  readiness ready() {
    const auto port = static_cast<std::uint16_t>(1 + pick(65535));
    const std::string host = one_in(2) ? "::1" : "host-" + name();
    switch (pick(4)) {
      case 0:
        return ready_at_once{};
      case 1:
        return ready_by_tcp{.host = host, .port = port};
      case 2:
        return ready_by_http{.host = host, .port = port, .target = "/" + name() + "?x=%20"};
      default:
        return ready_after{.delay = duration()};
    }
  }

  std::mt19937_64 random_;
};

}  // namespace steward::testing
