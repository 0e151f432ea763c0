// SPDX-License-Identifier: Apache-2.0
//
// What took what down, out of events in the order in which a manager tells them.
#include "failures.hpp"

#include "failures_json.hpp"
#include "failures_text.hpp"
#include "json_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace steward {
namespace {

using namespace std::chrono_literals;

const wall_time noon = std::chrono::sys_days(std::chrono::January / 31 / 2026) + 12h;

/// Events, one a second.
class Failures : public ::testing::Test {
 protected:
  unit_event& entered(std::string key, row_state state) {
    unit_event& what = events.emplace_back();
    what.at = noon + std::chrono::seconds(events.size());
    what.key = std::move(key);
    what.state = state;
    return what;
  }
  void starts(const std::string& key) {
    entered(key, row_state::starting);
    entered(key, row_state::running);
  }
  void stops(const std::string& key, std::optional<std::string> because_of = std::nullopt) {
    entered(key, row_state::stopping).because_of = std::move(because_of);
  }
  void stopped(const std::string& key, std::optional<std::string> because_of = std::nullopt) {
    unit_event& what = entered(key, row_state::stopped);
    what.exit.emplace().reason = exit_reason::stopped;
    what.because_of = std::move(because_of);
  }
  void fails(const std::string& key, const std::string& error = "exited with code 3") {
    unit_event& what = entered(key, row_state::backoff);
    what.exit.emplace().reason = exit_reason::failed;
    what.exit->error = error;
  }
  [[nodiscard]] std::string text() const { return failures_text(failures_in(events), noon + 60s); }
  [[nodiscard]] std::string root(const std::string& of) const { return root_cause_of(of, events).value_or("itself"); }

  std::deque<unit_event> events;
};

TEST_F(Failures, ShowTheRootFirstAndWhatFollowedUnderIt) {
  fails("db");
  stops("api", "db");
  stops("web", "api");
  stopped("web", "api");
  stopped("api", "db");
  starts("db");
  EXPECT_EQ(text(),
            "2026-01-31T12:00:01.000Z (59s ago)\n"
            "  db failed: exited with code 3\n"
            "    api stopped\n"
            "      web stopped\n");
  EXPECT_EQ(root("web"), "db failed: exited with code 3; took down 2: api, web");
  EXPECT_EQ(root("api"), root("web"));
  EXPECT_EQ(root("db"), "itself");
  EXPECT_EQ(root("other"), "itself");
}

// As when a budget allows a restart at once: it starts before those that need it are asked to stop.
TEST_F(Failures, WhatWentDownWithOneThatIsRestartedAtOnceIsNotToldAgainWithItsNextEnd) {
  fails("db");
  entered("db", row_state::starting);
  stops("api", "db");
  stopped("api", "db");
  entered("db", row_state::running);
  starts("api");
  stops("db");
  stops("api", "db");
  stopped("api", "db");
  stopped("db");
  EXPECT_EQ(text(),
            "2026-01-31T12:00:01.000Z (59s ago)\n"
            "  db failed: exited with code 3\n"
            "    api stopped\n"
            "2026-01-31T12:00:08.000Z (52s ago)\n"
            "  db stopped\n"
            "    api stopped\n");
}

TEST_F(Failures, WhatIsNotGoneYetIsShownAsWhatItIs) {
  fails("db");
  stops("api", "db");
  stops("web", "db");
  entered("web", row_state::abandoned);
  EXPECT_EQ(text(),
            "2026-01-31T12:00:01.000Z (59s ago)\n"
            "  db failed: exited with code 3\n"
            "    api stopping\n"
            "    web abandoned\n");
}

TEST_F(Failures, AStopOnPurposeIsNoFailureUnlessItTakesOthersDown) {
  starts("web");
  stops("web");
  stopped("web");
  EXPECT_EQ(text(), "nothing has failed lately\n");
  stops("db");
  stops("api", "db");
  stopped("api", "db");
  stopped("db");
  EXPECT_EQ(text(), "2026-01-31T12:00:05.000Z (55s ago)\n  db stopped\n    api stopped\n");
}

TEST_F(Failures, WhoIsStoppedOnPurposeAfterAFailureHasATreeOfItsOwn) {
  fails("db");
  starts("db");
  stops("db");
  stops("api", "db");
  stopped("api", "db");
  stopped("db");
  EXPECT_EQ(root("api"), "db stopped; took down 1: api");
}

TEST_F(Failures, AGroupThatIsToldBeforeTheOneThatTookItDownIsUnderIt) {
  fails("queue", "exited with code 1");
  starts("queue");
  stops("worker", "queue");
  fails("queue", "exited with code 2");
  stopped("worker", "queue");
  EXPECT_EQ(root("worker"), "queue failed: exited with code 2; took down 1: worker");
}

TEST_F(Failures, EqualOnesAreShownOnceWithHowOften) {
  for (int i = 0; i < 3; ++i) {
    fails("flaky");
    starts("flaky");
  }
  fails("db", "exec /db: No such file or directory");
  fails("flaky");
  EXPECT_EQ(text(),
            "2026-01-31T12:00:10.000Z (50s ago)\n"
            "  db failed: exec /db: No such file or directory\n"
            "2026-01-31T12:00:11.000Z (49s ago), 4 times since 2026-01-31T12:00:01.000Z\n"
            "  flaky failed: exited with code 3\n");
}

TEST_F(Failures, OneWhoseRootIsForgottenSaysBecauseOfWhom) {
  stopped("api", "db");
  EXPECT_EQ(text(), "2026-01-31T12:00:01.000Z (59s ago)\n  api stopped (because of db)\n");
}

TEST_F(Failures, ErrorsOfNoUnitAreNoFailures) {
  unit_event& what = events.emplace_back();
  what.error = "table: locked";
  EXPECT_EQ(text(), "nothing has failed lately\n");
}

TEST_F(Failures, WhatProgramsSayIsSafeForATerminal) {
  fails("db", "exec /\x1b[2J: no\nsuch file");
  EXPECT_EQ(text(), "2026-01-31T12:00:01.000Z (59s ago)\n  db failed: exec /\\x1b[2J: no\\nsuch file\n");
}

TEST_F(Failures, MayBeAskedForByWhoIsInThem) {
  fails("db");
  stops("api", "db");
  const auto all = failures_in(events);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(concerns(all[0], {}));
  EXPECT_TRUE(concerns(all[0], {"x", "api"}));
  EXPECT_FALSE(concerns(all[0], {"x"}));
}

TEST_F(Failures, TheWireFormIsPinned) {
  fails("db");
  stops("api", "db");
  EXPECT_EQ(json_line(failures_to_json(failures_in(events))),
            R"([{"at":"2026-01-31T12:00:01.000Z","text":"db failed: exited with code 3; took down 1: api","fell":[)"
            R"({"key":"db","depth":0,"at":"2026-01-31T12:00:01.000Z","how":"failed","error":"exited with code 3","because_of":null},)"
            R"({"key":"api","depth":1,"at":"2026-01-31T12:00:02.000Z","how":"stopping","error":null,"because_of":"db"}]}])");
}

}  // namespace
}  // namespace steward
