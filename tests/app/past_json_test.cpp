// SPDX-License-Identifier: Apache-2.0
#include "past_json.hpp"

#include "steward/past_text.hpp"

#include <gmock/gmock.h>

namespace steward {
namespace {

using ::testing::SizeIs;

// As the last version that wrote JSON did.
constexpr std::string_view written =
    R"({"incarnation":7,"restarts":3,"generation":12,"state":"backoff","failures":2,"recent":[1700000000000,1700000001000],)"
    R"("until":1700000002000,"last":{"reason":"failed","error":"exited with code 1","code":1,"started_at":1700000000000,"ended_at":1700000000500}})";

TEST(PastJson, OfAnEarlierVersionIsRead) {
  const auto past = past_from_json(written);
  EXPECT_EQ(past.incarnation, 7U);
  EXPECT_EQ(past.restarts, 3U);
  EXPECT_EQ(past.generation, 12U);
  EXPECT_EQ(past.state, row_state::backoff);
  EXPECT_EQ(past.history.failures, 2U);
  ASSERT_THAT(past.history.recent, SizeIs(2));
  EXPECT_EQ(past.history.recent[1] - past.history.recent[0], std::chrono::seconds(1));
  ASSERT_TRUE(past.last);
  EXPECT_EQ(past.last->code, 1);
  EXPECT_EQ(past.last->cause->to_string(), "exited with code 1");
  EXPECT_FALSE(past.last->ready_at);
}

TEST(PastJson, OfTheFirstVersionIsRead) {
  const auto past = past_from_json(R"({"incarnation":4,"completed":9})");
  EXPECT_EQ(past.incarnation, 4U);
  EXPECT_EQ(past.generation, 9U);
  EXPECT_EQ(past.state, row_state::completed);
}

TEST(PastJson, WhatCannotBeReadIsAsGoodAsNotRemembered) {
  for (const char* none : {"", "3", "{", R"({"incarnation":-1,"recent":[9999999999999999999,-5,"x"],"state":"backoff","last":{"reason":"why"}})"})
    EXPECT_EQ(past_to_text(past_from_json(none), {}), past_to_text({}, {})) << none;
}

}  // namespace
}  // namespace steward
