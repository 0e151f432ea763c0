// SPDX-License-Identifier: Apache-2.0
#include "steward/past_text.hpp"

#include <gmock/gmock.h>

#include <random>

namespace steward {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::chrono::milliseconds ahead = 1'000'000ms;

row_past everything() {
  row_past past;
  past.incarnation = 7;
  past.restarts = 3;
  past.generation = 12;
  past.state = row_state::backoff;
  past.since = instant(4s);
  past.history = {.failures = 2, .recent = {instant(5s), instant(6s)}};
  past.until = instant(9s);
  exit last;
  last.reason = exit_reason::failed;
  last.cause = error("no\nroom \\ left\x01");
  last.code = 1;
  last.signal = 9;
  last.started_at = instant(1s);
  last.ready_at = instant(2s);
  last.ended_at = instant(3s);
  past.last = last;
  return past;
}

TEST(PastText, IsALineForEachThing) {
  EXPECT_EQ(past_to_text(everything(), ahead),
            "steward past 1\nincarnation 7\nrestarts 3\ngeneration 12\nstate backoff\nsince 1004000\nfailures 2\nrecent 1005000\nrecent "
            "1006000\nuntil 1009000\n"
            "last failed\nerror no\\5cnroom \\5c left\\01\ncode 1\nsignal 9\nstarted_at 1001000\nready_at 1002000\nended_at 1003000\n");
  EXPECT_EQ(past_to_text({}, ahead), "steward past 1\nincarnation 0\nrestarts 0\ngeneration 0\nstate stopped\nfailures 0\n");
}

TEST(PastText, IsReadBackAtAnotherBoot) {
  const auto read = past_from_text(past_to_text(everything(), ahead), ahead + 60s);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->incarnation, 7U);
  EXPECT_EQ(read->restarts, 3U);
  EXPECT_EQ(read->generation, 12U);
  EXPECT_EQ(read->state, row_state::backoff);
  EXPECT_EQ(read->since, instant(4s - 60s));
  EXPECT_EQ(read->history.failures, 2U);
  EXPECT_THAT(read->history.recent, ElementsAre(instant(5s - 60s), instant(6s - 60s)));
  EXPECT_EQ(read->until, instant(9s - 60s));
  ASSERT_TRUE(read->last);
  EXPECT_EQ(read->last->reason, exit_reason::failed);
  EXPECT_EQ(read->last->cause->to_string(), everything().last->cause->to_string());
  EXPECT_EQ(read->last->code, 1);
  EXPECT_EQ(read->last->signal, 9);
  EXPECT_EQ(read->last->started_at, instant(1s - 60s));
  EXPECT_EQ(read->last->ready_at, instant(2s - 60s));
  EXPECT_EQ(read->last->ended_at, instant(3s - 60s));
}

TEST(PastText, OfAnotherFormIsNone) {
  for (const char* other : {"", "{\"incarnation\":3}", "steward past 2\nincarnation 3\n", "steward history 1\nfailures 3\n"})
    EXPECT_FALSE(past_from_text(other, ahead)) << other;
  EXPECT_FALSE(history_from_text("steward past 1\nfailures 3\n", ahead));
}

TEST(PastText, WhatCannotBeReadIsAsGoodAsNotRemembered) {
  const auto read = past_from_text(
      "steward past 1\nincarnation -1\nrestarts 2x\ngeneration 99999999999999999999\nstate lost\nrecent soon\n"
      "recent 9999999999999999999\nlast night\ncode 3\nnobody knows\n\nfailures 4",
      ahead);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->incarnation, 0U);
  EXPECT_EQ(read->restarts, 0U);
  EXPECT_EQ(read->generation, 0U);
  EXPECT_EQ(read->state, row_state::stopped);
  EXPECT_THAT(read->history.recent, IsEmpty());
  EXPECT_FALSE(read->last);
  EXPECT_EQ(read->history.failures, 4U) << "what comes after it is read";
  EXPECT_EQ(past_from_text("steward past 1\nstate backoff\n", ahead)->state, row_state::stopped) << "nobody would end it";
}

TEST(PastText, OfAGroupIsItsHistory) {
  const restart_history history{.failures = 2, .recent = {instant(5s), instant(6s)}};
  EXPECT_EQ(history_to_text(history, ahead), "steward history 1\nfailures 2\nrecent 1005000\nrecent 1006000\n");
  EXPECT_EQ(history_from_text(history_to_text(history, ahead), ahead), history);
}

TEST(PastText, DamagedInAnyWayIsReadWithoutHarm) {
  std::minstd_rand random(11);
  const std::string whole = past_to_text(everything(), ahead);
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = whole.substr(0, random() % 4 == 0 ? random() % whole.size() : whole.size());
    for (std::size_t i = random() % 8; i > 0 && !damaged.empty(); --i) damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
    const auto read = past_from_text(damaged, ahead);
    if (!read) continue;
    const std::string again = past_to_text(*read, ahead);  // whatever was read of it, it is stored and read alike
    EXPECT_EQ(past_to_text(past_from_text(again, ahead).value_or(row_past()), ahead), again) << damaged;
  }
}

}  // namespace
}  // namespace steward
