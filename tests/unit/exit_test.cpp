// SPDX-License-Identifier: Apache-2.0
#include "steward/exit.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace steward {
namespace {

constexpr std::array<std::pair<exit_reason, std::string_view>, 7> wire_names{{
    {exit_reason::completed, "completed"},
    {exit_reason::stopped, "stopped"},
    {exit_reason::failed, "failed"},
    {exit_reason::ended_before_ready, "ended_before_ready"},
    {exit_reason::start_deadline, "start_deadline"},
    {exit_reason::forced, "forced"},
    {exit_reason::exception, "exception"},
}};

TEST(Exit, ReasonsAreWireFormat) {
  for (const auto& [reason, name] : wire_names) {
    EXPECT_EQ(to_string(reason), name);
    EXPECT_EQ(exit_reason_from_string(name), reason);
  }
}

TEST(Exit, UnknownReasonsAreNoReason) {
  for (const std::string_view text : {"", "Completed", "completed ", "crashed"}) EXPECT_EQ(exit_reason_from_string(text), std::nullopt) << text;
}

TEST(Exit, OnlyEndsThatWereWantedOrSuccessfulAreClean) {
  for (const auto& [reason, name] : wire_names) {
    exit ended;
    ended.reason = reason;
    EXPECT_EQ(ended.clean(), reason == exit_reason::completed || reason == exit_reason::stopped) << name;
  }
}

TEST(ExitReason, IsATable) {
  struct row {
    end_facts facts;
    exit_reason expected;
  };
  using enum exit_reason;
  const error broken("no");
  const error thrown(errc::exception, "std::bad_alloc");
  const error requested = error::stopped(stop_reason::requested);
  const error deadline = error::stopped(stop_reason::deadline);
  const error from_above = error::stopped(stop_reason::deadline, nullptr, true);
  const std::vector<row> rows{
      // By itself.
      {{}, ended_before_ready},
      {{.was_ready = true}, completed},
      {{.failure = broken}, failed},
      {{.was_ready = true, .failure = broken}, failed},
      {{.failure = requested}, failed},
      {{.was_ready = true, .failure = deadline}, failed},
      // An exception is one, whatever else has happened.
      {{.failure = thrown}, exception},
      {{.asked = true, .late = true, .forced = true, .failure = thrown}, exception},
      // It was not ready in time, however it took that, and whoever had set the time.
      {{.late = true, .forced = true}, start_deadline},
      {{.late = true, .forced = true, .failure = broken}, start_deadline},
      {{.asked = true, .late = true, .forced = true, .failure = requested}, start_deadline},
      {{.failure = deadline}, start_deadline},
      {{.forced = true, .failure = deadline}, start_deadline},
      {{.asked = true, .forced = true, .failure = from_above}, start_deadline},
      // Asked after it was ready.
      {{.asked = true, .was_ready = true}, stopped},
      {{.asked = true, .was_ready = true, .failure = requested}, stopped},
      {{.asked = true, .was_ready = true, .failure = broken}, failed},
      {{.asked = true, .forced = true, .was_ready = true}, forced},
      {{.asked = true, .forced = true, .was_ready = true, .failure = deadline}, forced},
      {{.asked = true, .forced = true, .was_ready = true, .failure = broken}, failed},
      // Asked while it started, which stops its context: it has stopped if it ended in order. Late is its stop then, and not its start.
      {{.asked = true, .forced = true}, stopped},
      {{.asked = true, .forced = true, .failure = requested}, forced},
      {{.asked = true, .forced = true, .failure = deadline}, forced},
      {{.asked = true, .forced = true, .failure = broken}, failed},
      // With all that is above it.
      {{.forced = true}, forced},
      {{.forced = true, .failure = requested}, forced},
      {{.forced = true, .was_ready = true}, forced},
      {{.forced = true, .was_ready = true, .failure = from_above}, forced},
      {{.forced = true, .was_ready = true, .failure = broken}, failed},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(reason_of(rows[i].facts), rows[i].expected) << "row " << i;
}

}  // namespace
}  // namespace steward
