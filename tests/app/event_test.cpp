// SPDX-License-Identifier: Apache-2.0
//
// Events as they go over the wire and as they are shown: both are golden.
#include "event_history.hpp"
#include "event_text.hpp"
#include "json_text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

namespace steward {
namespace {

using namespace std::chrono_literals;

const wall_time noon = std::chrono::sys_days(std::chrono::January / 31 / 2026) + 12h;

unit_event entered(std::string key, row_state state) {
  unit_event what;
  what.at = noon;
  what.key = std::move(key);
  what.state = state;
  what.generation = 1;
  what.incarnation = 2;
  return what;
}

unit_event ended(std::string key, row_state state, exit_reason reason, std::optional<int> code = std::nullopt) {
  unit_event what = entered(std::move(key), state);
  what.exit.emplace();
  what.exit->reason = reason;
  what.exit->code = code;
  return what;
}

unit_event failed() {
  unit_event what = ended("web", row_state::backoff, exit_reason::failed, 3);
  what.exit->error = "exited with code 3";
  what.exit->ended_at = noon;
  what.until = noon + 200ms;
  return what;
}

unit_event unreadable() {
  unit_event what;
  what.at = noon;
  what.error = "table: locked";
  return what;
}

std::string line(const boost::json::value& from) { return json_line(from); }

TEST(Event, TheWireFormIsPinned) {
  EXPECT_EQ(line(event_to_json(failed())),
            R"({"at":"2026-01-31T12:00:00.000Z","key":"web","state":"backoff","generation":1,"incarnation":2,"exit":{"reason":"failed",)"
            R"("error":"exited with code 3","code":3,"signal":null,"started_at":null,"ready_at":null,"ended_at":"2026-01-31T12:00:00.000Z"},)"
            R"("error":null,"because_of":null,"until":"2026-01-31T12:00:00.200Z"})");
  EXPECT_EQ(line(event_to_json(unreadable())),
            R"({"at":"2026-01-31T12:00:00.000Z","key":null,"state":null,"generation":0,"incarnation":0,"exit":null,"error":"table: locked",)"
            R"("because_of":null,"until":null})");
  EXPECT_EQ(line(event_to_json(lost_events{12})), R"({"lost":12})");
}

TEST(Event, SurvivesTheRoundTrip) {
  unit_event taken_down = entered("api", row_state::stopping);
  taken_down.because_of = "web";
  for (const unit_event& each : {failed(), unreadable(), taken_down}) {
    const auto read = event_from_line(line(event_to_json(each)));
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(std::get<unit_event>(*read), each);
  }
  EXPECT_EQ(std::get<lost_events>(event_from_line(R"({"lost":12})").value()), lost_events{12});
}

TEST(Event, WhatIsNoneIsTold) {
  EXPECT_EQ(event_from_line("3").error().to_string(), "is an integer; it must be an event");
  EXPECT_EQ(event_from_line(R"({"state":"flying"})").error().to_tree(),
            "at: missing\nstate: \"flying\" is not known here\ngeneration: missing\nincarnation: missing\n");
}

TEST(Event, IsOneLineForPeople) {
  unit_event taken_down = entered("api", row_state::stopping);
  taken_down.because_of = "web";
  unit_event back = entered("api", row_state::starting);
  back.because_of = "web";  // of the incarnation before
  unit_event circle = unreadable();
  circle.key = "a\nb";
  circle.error = "it waits\nin a circle";
  const std::string at = "2026-01-31T12:00:00.000Z ";
  EXPECT_EQ(event_line(entered("web", row_state::running)), at + "web: running\n");
  EXPECT_EQ(event_line(failed()), at + "web: backoff, exited with code 3, starts again at 2026-01-31T12:00:00.200Z\n");
  EXPECT_EQ(event_line(taken_down), at + "api: stopping, because of web\n");
  EXPECT_EQ(event_line(ended("api", row_state::stopped, exit_reason::stopped)), at + "api: stopped\n");
  EXPECT_EQ(event_line(ended("api", row_state::stopped, exit_reason::forced)), at + "api: stopped, did not stop in time and was killed\n");
  EXPECT_EQ(event_line(back), at + "api: starting\n");
  EXPECT_EQ(event_line(unreadable()), at + "error: table: locked\n");
  EXPECT_EQ(event_line(circle), at + "a\\nb: error: it waits\\nin a circle\n");
  EXPECT_EQ(event_line(lost_events{12}), "12 events are missing here: more came than could be kept for this reader\n");
  EXPECT_EQ(event_line(lost_events{1}), "1 event is missing here: more came than could be kept for this reader\n");
}

/// The generations of the events in some lines, or how many are lost.
std::vector<std::string> told(const std::string& lines) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin < lines.size();) {
    const std::size_t end = lines.find('\n', begin);
    const auto event = event_from_line(lines.substr(begin, end - begin)).value();
    if (const auto* lost = std::get_if<lost_events>(&event))
      out.push_back("lost " + std::to_string(lost->count));
    else
      out.push_back(std::to_string(std::get<unit_event>(event).generation));
    begin = end + 1;
  }
  return out;
}

using strings = std::vector<std::string>;

class EventHistory : public ::testing::Test {
 protected:
  void add(std::uint64_t number, const std::string& key = "web") {
    unit_event what = entered(key, row_state::running);
    what.generation = number;
    history.add(what);
  }

  event_history history{3};
};

TEST_F(EventHistory, KeepsTheLastOnes) {
  for (const std::uint64_t each : {1U, 2U, 3U, 4U, 5U}) add(each);
  EXPECT_EQ(told(event_reader(history, {}, false).more()), (strings{"3", "4", "5"}));
  EXPECT_TRUE(history.knows("web"));
  EXPECT_FALSE(history.knows("we"));
}

TEST_F(EventHistory, AReaderThatFollowsIsGivenEachOnce) {
  add(1);
  event_reader reader(history, {}, true);
  EXPECT_EQ(told(reader.more()), strings{"1"});
  EXPECT_EQ(reader.more(), "");
  add(2);
  add(3);
  EXPECT_EQ(told(reader.more()), (strings{"2", "3"}));
  EXPECT_EQ(reader.more(), "");
}

TEST_F(EventHistory, AReaderThatFallsBehindIsToldHowManyItHasLost) {
  event_reader reader(history, {}, true);
  for (const std::uint64_t each : {1U, 2U, 3U, 4U, 5U}) add(each);
  EXPECT_EQ(told(reader.more()), (strings{"lost 2", "3", "4", "5"}));
  add(6);
  EXPECT_EQ(told(reader.more()), strings{"6"});
}

TEST_F(EventHistory, AReaderThatDoesNotFollowEndsWhereItBegan) {
  add(1);
  add(2);
  event_reader reader(history, {}, false);
  add(3);
  EXPECT_EQ(told(reader.more()), (strings{"1", "2"}));
  EXPECT_EQ(reader.more(), "");
  event_reader late(history, {}, false);
  for (const std::uint64_t each : {4U, 5U, 6U, 7U}) add(each);
  EXPECT_EQ(told(late.more()), strings{"lost 3"});
  EXPECT_EQ(late.more(), "");
}

TEST_F(EventHistory, AReaderMayAskForSomeUnits) {
  event_reader reader(history, {"web", "db"}, true);
  add(1, "web");
  add(2, "api");
  history.add(unreadable());
  EXPECT_EQ(told(reader.more()), strings{"1"});
  add(3, "db");
  EXPECT_EQ(told(reader.more()), strings{"3"});
}

TEST_F(EventHistory, APieceIsBounded) {
  event_history large(1000);
  for (int i = 0; i < 1000; ++i) {
    unit_event what = unreadable();
    what.error = std::string(1000, 'x');
    large.add(what);
  }
  event_reader reader(large, {}, true);
  std::size_t all = 0;
  for (std::string piece = reader.more(); !piece.empty(); piece = reader.more()) {
    EXPECT_LT(piece.size(), std::size_t{70} << 10U);
    all += told(piece).size();
  }
  EXPECT_EQ(all, 1000U);
}

}  // namespace
}  // namespace steward
