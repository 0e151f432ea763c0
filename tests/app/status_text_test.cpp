// SPDX-License-Identifier: Apache-2.0
//
// Golden: what a user sees is pinned here, character by character.
#include "status_text.hpp"

#include "text.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <vector>

namespace steward {
namespace {

using namespace std::chrono_literals;

const wall_time noon = std::chrono::sys_days(std::chrono::January / 31 / 2026) + 12h;

unit_status unit_in(std::string key, row_state state, std::chrono::seconds ago) {
  unit_status out;
  out.key = std::move(key);
  out.state = state;
  out.since = noon - ago;
  out.incarnation = 1;
  out.generation = 1;
  return out;
}

unit_exit exit_with(exit_reason reason) {
  unit_exit out;
  out.reason = reason;
  out.started_at = noon - 20s;
  out.ended_at = noon - 5s;
  return out;
}

/// One unit in each state.
std::vector<unit_status> one_of_each() {
  std::vector<unit_status> units{unit_in("batch", row_state::completed, 26h), unit_in("cache", row_state::stopped, 3min),
                                 unit_in("crasher", row_state::backoff, 1s),  unit_in("db", row_state::starting, 0s),
                                 unit_in("old", row_state::stopping, 4s),     unit_in("web", row_state::running, 125s),
                                 unit_in("worker", row_state::waiting, 61min)};
  units[0].exit = exit_with(exit_reason::completed);
  units[0].exit->code = 0;
  units[1].exit = exit_with(exit_reason::forced);
  units[2].exit = exit_with(exit_reason::failed);
  units[2].exit->code = 1;
  units[2].restarts = 14;
  units[2].next_start_at = noon + 1800ms;
  units[3].pid = 71;
  units[4].pid = 72;
  units[5].pid = 123456;
  units[5].restarts = 1;
  units[5].exit = exit_with(exit_reason::failed);
  units[5].exit->signal = SIGKILL;
  units[6].waiting_for = {"db", "web"};
  units[6].missing = {"web"};
  return units;
}

TEST(StatusTable, ShowsEveryState) {
  EXPECT_EQ(status_table(one_of_each(), noon, {}),
            "UNIT     STATE         PID  SINCE  RESTARTS\n"
            "batch    completed       -   1d2h         0  exited with code 0\n"
            "cache    stopped         -     3m         0  did not stop in time and was killed\n"
            "crasher  backoff         -     1s        14  exited with code 1; starts again in 2s\n"
            "db       starting       71     0s         0\n"
            "old      stopping       72     4s         0\n"
            "web      running    123456   2m5s         1  last: killed by signal 9 (SIGKILL) 5s ago\n"
            "worker   waiting         -   1h1m         0  for db, web; there is no unit web\n");
}

TEST(StatusTable, WithoutUnitsIsAHeading) { EXPECT_EQ(status_table({}, noon, {}), "UNIT  STATE  PID  SINCE  RESTARTS\n"); }

TEST(StatusTable, FitsIntoANarrowTerminal) {
  EXPECT_EQ(status_table(one_of_each(), noon, {.width = 50}),
            "UNIT     STATE         PID  SINCE  RESTARTS\n"
            "batch    completed       -   1d2h         0  exit…\n"
            "cache    stopped         -     3m         0  did …\n"
            "crasher  backoff         -     1s        14  exit…\n"
            "db       starting       71     0s         0\n"
            "old      stopping       72     4s         0\n"
            "web      running    123456   2m5s         1  last…\n"
            "worker   waiting         -   1h1m         0  for …\n");
}

TEST(StatusTable, NeverExceedsItsWidthWhateverThatIs) {
  auto units = one_of_each();
  units[0].key = std::string(64, 'k');
  units[3].error = "größer\n\x1b[2J日本語日本語日本語";
  for (std::size_t width = 1; width < 150; ++width) {
    const std::string table = status_table(units, noon, {.width = width});
    for (std::string_view rest = table; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1)) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      ASSERT_LE(columns(line), width) << line;
      ASSERT_FALSE(line.contains('\x1b'));
    }
  }
}

TEST(StatusTable, ALongNameLeavesTheStateInSight) {
  auto unit = unit_in(std::string(64, 'k'), row_state::running, 5s);
  EXPECT_EQ(status_table(std::vector{unit}, noon, {.width = 60}),
            "UNIT                  STATE    PID  SINCE  RESTARTS\n"
            "kkkkkkkkkkkkkkkkkkk…  running    -     5s         0\n");
}

TEST(StatusTable, ColoursOnlyTheStateAndOnlyWhenAsked) {
  const std::vector units{unit_in("web", row_state::running, 5s), unit_in("x", row_state::backoff, 5s)};
  EXPECT_EQ(status_table(units, noon, {.colour = true}),
            "UNIT  STATE    PID  SINCE  RESTARTS\n"
            "web   \x1b[32mrunning\x1b[0m    -     5s         0\n"
            "x     \x1b[31mbackoff\x1b[0m    -     5s         0\n");
  EXPECT_EQ(status_table(units, noon, {.width = 8, .colour = true}), "UNIT  S…\nweb   r…\nx     b…\n");
}

TEST(StatusSheet, ShowsAllThatIsKnown) {
  EXPECT_EQ(status_sheet(one_of_each()[2], noon, {}),
            "unit         crasher\n"
            "state        backoff (exited with code 1; starts again in 2s)\n"
            "since        2026-01-31T11:59:59.000Z (1s ago)\n"
            "pid          -\n"
            "incarnation  1\n"
            "restarts     14\n"
            "generation   1\n"
            "last exit    exited with code 1\n"
            "  started    2026-01-31T11:59:40.000Z (20s ago)\n"
            "  ready      -\n"
            "  ended      2026-01-31T11:59:55.000Z (5s ago)\n");
}

TEST(StatusSummary, CountsTheStates) {
  EXPECT_EQ(status_summary(one_of_each()), "1 running, 1 starting, 1 waiting, 1 backoff, 1 stopping, 1 stopped, 1 completed");
  EXPECT_EQ(status_summary({}), "no units");
}

TEST(StatusNote, SaysWhatBecameOfWhatGaveUpOrIsNotGone) {
  unit_status unit;
  unit.state = row_state::gave_up;
  unit.exit = unit_exit{.reason = exit_reason::failed, .error = {}, .code = 1, .signal = {}, .started_at = {}, .ready_at = {}, .ended_at = {}};
  EXPECT_EQ(status_note(unit, noon), "exited with code 1; its restart budget is used up");
  unit.exit->reason = exit_reason::stopped;
  EXPECT_EQ(status_note(unit, noon), "went down with its group, whose restart budget is used up");
  unit.state = row_state::abandoned;
  EXPECT_EQ(status_note(unit, noon), "was killed, and is not gone");
  const std::vector<unit_status> one{unit};
  EXPECT_EQ(status_summary(one), "1 abandoned");
}

TEST(ExitText, SaysHowItEnded) {
  const auto text = [](exit_reason reason, std::optional<int> code, std::optional<int> signal, std::optional<std::string> why) {
    return exit_text({.reason = reason, .error = std::move(why), .code = code, .signal = signal, .started_at = {}, .ready_at = {}, .ended_at = {}});
  };
  EXPECT_EQ(text(exit_reason::completed, 0, {}, {}), "exited with code 0");
  EXPECT_EQ(text(exit_reason::stopped, {}, SIGTERM, {}), "stopped");
  EXPECT_EQ(text(exit_reason::failed, 3, {}, "exit code 3"), "exited with code 3");
  EXPECT_EQ(text(exit_reason::failed, {}, SIGSEGV, {}), "killed by signal 11 (SIGSEGV)");
  EXPECT_EQ(text(exit_reason::failed, {}, 40, {}), "killed by signal 40");
  EXPECT_EQ(text(exit_reason::failed, {}, {}, "exec /bin/x: no such\nfile"), "exec /bin/x: no such\\nfile");
  EXPECT_EQ(text(exit_reason::failed, {}, {}, {}), "failed");
  EXPECT_EQ(text(exit_reason::ended_before_ready, 0, {}, {}), "ended before it was ready; exited with code 0");
  EXPECT_EQ(text(exit_reason::start_deadline, {}, SIGKILL, {}), "not ready in time");
  EXPECT_EQ(text(exit_reason::start_deadline, {}, {}, "stopped: deadline"), "not ready in time");
  EXPECT_EQ(text(exit_reason::start_deadline, {}, {}, "tcp db:80: no answer: stopped: deadline"), "not ready in time: tcp db:80: no answer");
  EXPECT_EQ(text(exit_reason::forced, {}, SIGKILL, {}), "did not stop in time and was killed");
  EXPECT_EQ(text(exit_reason::exception, {}, {}, "std::bad_alloc"), "std::bad_alloc");
}

TEST(TableWarning, SaysSinceWhenTheTableCannotBeRead) {
  daemon_status status;
  EXPECT_EQ(table_warning(status, noon), "");
  status.table_unreadable_since = noon - 3min;
  status.table_error = "database disk image is malformed";
  EXPECT_EQ(table_warning(status, noon), "the table cannot be read for 3m: database disk image is malformed; what runs goes on\n");
}

TEST(ChangeLines, EveryUnitIsToldWhenItComes) {
  EXPECT_EQ(change_lines({}, one_of_each(), noon),
            "2026-01-30T10:00:00.000Z batch: completed, exited with code 0\n"
            "2026-01-31T10:59:00.000Z worker: waiting for db, web; there is no unit web\n"
            "2026-01-31T11:57:00.000Z cache: stopped, did not stop in time and was killed\n"
            "2026-01-31T11:57:55.000Z web: running, pid 123456\n"
            "2026-01-31T11:59:56.000Z old: stopping, pid 72\n"
            "2026-01-31T11:59:59.000Z crasher: backoff, exited with code 1; starts again in 2s\n"
            "2026-01-31T12:00:00.000Z db: starting, pid 71\n");
}

TEST(ChangeLines, WhatDidNotChangeIsNotTold) {
  auto later = one_of_each();
  later[5].restarts = 9;
  EXPECT_EQ(change_lines(what_is_shown(one_of_each()), later, noon + 1h), "");
}

TEST(ChangeLines, AChangeIsOneLine) {
  auto before = one_of_each();
  auto after = before;
  after[3].state = row_state::running;
  after[3].since = noon + 250ms;
  EXPECT_EQ(change_lines(what_is_shown(before), after, noon + 1s), "2026-01-31T12:00:00.250Z db: running, pid 71\n");
}

TEST(ChangeLines, ANewIncarnationIsTold) {
  auto after = one_of_each();
  ++after[5].incarnation;
  after[5].pid = 99;
  after[5].since = noon;
  EXPECT_EQ(change_lines(what_is_shown(one_of_each()), after, noon), "2026-01-31T12:00:00.000Z web: running, pid 99\n");
}

TEST(ChangeLines, AnErrorIsTold) {
  auto after = one_of_each();
  after[5].error = "its row cannot be read";
  EXPECT_EQ(change_lines(what_is_shown(one_of_each()), after, noon), "2026-01-31T11:57:55.000Z web: running, pid 123456, its row cannot be read\n");
}

TEST(ChangeLines, UnitsThatComeAndGoAreTold) {
  auto before = one_of_each();
  auto after = before;
  after.erase(after.begin());
  after.pop_back();
  after.push_back(unit_in("zoo", row_state::starting, 0s));
  EXPECT_EQ(change_lines(what_is_shown(before), after, noon),
            "2026-01-31T12:00:00.000Z batch: removed\n"
            "2026-01-31T12:00:00.000Z worker: removed\n"
            "2026-01-31T12:00:00.000Z zoo: starting\n");
}

}  // namespace
}  // namespace steward
