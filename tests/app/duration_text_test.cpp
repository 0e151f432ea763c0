// SPDX-License-Identifier: Apache-2.0
#include "duration_text.hpp"

#include <gtest/gtest.h>

#include <random>

namespace steward {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

std::string complaint(std::string_view text) {
  const auto read = parse_duration(text);
  return read ? "accepted as " + duration_text(*read) : read.error().to_string();
}

TEST(DurationText, EveryUnitIsRead) {
  EXPECT_EQ(parse_duration("2h"), 2h);
  EXPECT_EQ(parse_duration("1m"), 1min);
  EXPECT_EQ(parse_duration("10s"), 10s);
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("7us"), 7us);
  EXPECT_EQ(parse_duration("9ns"), 9ns);
}

TEST(DurationText, FractionsAndSeveralUnitsAreRead) {
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("0.25h"), 15min);
  EXPECT_EQ(parse_duration("1m30s"), 90s);
  EXPECT_EQ(parse_duration("1h30m0.5s"), 1h + 30min + 500ms);
  EXPECT_EQ(parse_duration("1.000000001s"), 1s + 1ns);
  EXPECT_EQ(parse_duration("1.00000000000s"), 1s);
  EXPECT_EQ(parse_duration("0s"), 0s);
}

TEST(DurationText, ANumberAloneIsRefusedWithWhatWasProbablyMeant) {
  EXPECT_EQ(complaint("10"), "has no unit; write \"10s\" for seconds or \"10ms\" for milliseconds");
  EXPECT_EQ(complaint("1.5"), "has no unit; write \"1.5s\" for seconds or \"1.5ms\" for milliseconds");
  EXPECT_EQ(complaint("1m30"), "has no unit; write \"30s\" for seconds or \"30ms\" for milliseconds");
}

TEST(DurationText, WhatIsNoDurationIsRefusedWithItsReason) {
  EXPECT_EQ(complaint(""), "is empty; write a number and a unit, such as \"250ms\"");
  EXPECT_EQ(complaint("-1s"), "is negative; a duration is zero or more");
  EXPECT_EQ(complaint("soon"), "is not a duration; write a number and a unit, such as \"250ms\" or \"1m30s\"");
  EXPECT_EQ(complaint("1.s"), "is not a duration; write a number and a unit, such as \"250ms\" or \"1m30s\"");
  EXPECT_EQ(complaint(".5s"), "is not a duration; write a number and a unit, such as \"250ms\" or \"1m30s\"");
  EXPECT_EQ(complaint("1 s"), "has the unknown unit \" s\"; units are h, m, s, ms, us, ns");
  EXPECT_EQ(complaint("3d"), "has the unknown unit \"d\"; units are h, m, s, ms, us, ns");
  EXPECT_EQ(complaint("30s1m"), "must name larger units first and each once, as in \"1h30m\"");
  EXPECT_EQ(complaint("1s1s"), "must name larger units first and each once, as in \"1h30m\"");
  EXPECT_EQ(complaint("0.5ns"), "is finer than a nanosecond");
  EXPECT_EQ(complaint("1.0000000001s"), "is finer than a nanosecond");
  EXPECT_EQ(complaint("1.00000000001s"), "is finer than a nanosecond") << "however fine";
}

TEST(DurationText, WhatCouldOverflowADeadlineIsRefused) {
  EXPECT_EQ(parse_duration("87600h"), longest_duration);
  EXPECT_EQ(complaint("87600h1ns"), "is longer than ten years");
  EXPECT_EQ(complaint("87601h"), "is longer than ten years");
  EXPECT_EQ(complaint("99999999999999999999999999999999h"), "is longer than ten years");
  EXPECT_EQ(complaint("315360000000000001us"), "is longer than ten years");
}

TEST(DurationText, EveryDurationSurvivesTheRoundTrip) {
  std::mt19937_64 random(20260131);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same cases in every run
  for (int i = 0; i < 20000; ++i) {
    const nanoseconds whole(std::uniform_int_distribution<std::int64_t>(0, longest_duration.count())(random));
    const nanoseconds sized(whole.count() >> std::uniform_int_distribution<int>(0, 58)(random));
    ASSERT_EQ(parse_duration(duration_text(sized)), sized) << duration_text(sized);
  }
}

TEST(DurationText, WhatIsStillToComeIsShownBelowASecondAndRoundedUp) {
  EXPECT_EQ(remaining_text(40ms), "40ms");
  EXPECT_EQ(remaining_text(999ms), "999ms");
  EXPECT_EQ(remaining_text(1001ms), "2s");
  EXPECT_EQ(remaining_text(0s), "0s");
  EXPECT_EQ(remaining_text(-5s), "0s");
}

TEST(DurationText, TheShortFormShowsTheOneOrTwoUnitsThatMatter) {
  EXPECT_EQ(short_duration_text(0s), "0s");
  EXPECT_EQ(short_duration_text(-5s), "0s");
  EXPECT_EQ(short_duration_text(59s), "59s");
  EXPECT_EQ(short_duration_text(3min), "3m");
  EXPECT_EQ(short_duration_text(3min + 20s), "3m20s");
  EXPECT_EQ(short_duration_text(30min + 20s), "30m");
  EXPECT_EQ(short_duration_text(2h + 5min), "2h5m");
  EXPECT_EQ(short_duration_text(2h + 30s), "2h");
  EXPECT_EQ(short_duration_text(76h), "3d4h");
  EXPECT_EQ(short_duration_text(72h), "3d");
  EXPECT_EQ(short_duration_text(std::chrono::days(3'652'424)), "3652424d") << "as far as two instants can be apart that a daemon may tell of";
}

}  // namespace
}  // namespace steward
