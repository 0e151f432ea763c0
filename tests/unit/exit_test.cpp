// SPDX-License-Identifier: Apache-2.0
#include "steward/exit.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string_view>
#include <utility>

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

TEST(Exit, OneThatWasAskedWhileItStartedHasStoppedIfItEndedInOrder) {
  end_facts facts{.asked = true, .late = false, .forced = true, .was_ready = false, .failure = {}};
  EXPECT_EQ(reason_of(facts), exit_reason::stopped);
  facts.failure = error::stopped(stop_reason::requested);
  EXPECT_EQ(reason_of(facts), exit_reason::forced);
  facts.failure = error::stopped(stop_reason::deadline);
  EXPECT_EQ(reason_of(facts), exit_reason::forced) << "its own stop was late, and not its start";
  facts.failure = {};
  facts.was_ready = true;
  EXPECT_EQ(reason_of(facts), exit_reason::forced);
}

TEST(Exit, AStartThatALimitHasEndedWasLate) {
  end_facts facts{.asked = false, .late = false, .forced = true, .was_ready = false, .failure = error::stopped(stop_reason::deadline)};
  EXPECT_EQ(reason_of(facts), exit_reason::start_deadline);
  facts.asked = true;
  facts.failure = error::stopped(stop_reason::deadline, nullptr, true);
  EXPECT_EQ(reason_of(facts), exit_reason::start_deadline) << "of all that it was part of";
}

}  // namespace
}  // namespace steward
