// SPDX-License-Identifier: Apache-2.0
#include "live_view.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace steward {
namespace {

using namespace std::chrono_literals;

const wall_time noon = std::chrono::sys_days(std::chrono::January / 31 / 2026) + 12h;
constexpr live_style terminal{.terminal = true, .colour = false, .width = 60, .height = 24};

daemon_status with_units(int count) {
  daemon_status out;
  for (int i = 0; i < count; ++i) {
    unit_status each;
    each.key = std::string(1, static_cast<char>('a' + i));
    each.state = row_state::running;
    each.since = noon - 5s;
    out.units.push_back(each);
  }
  return out;
}

/// What a terminal shows after it was written to. Knows only what a live view uses.
class screen {
 public:
  void write(std::string_view text) {
    while (!text.empty()) {
      if (text.starts_with("\x1b[")) {
        text = control(text.substr(2));
      } else {
        put(text.front());
        text.remove_prefix(1);
      }
    }
  }

  [[nodiscard]] std::string shown() const {
    std::string out;
    for (const std::string& line : lines_) out += line + "\n";
    return out;
  }

 private:
  std::string_view control(std::string_view text) {
    std::size_t number = 0;
    while (text.front() >= '0' && text.front() <= '9') {
      number = number * 10 + static_cast<std::size_t>(text.front() - '0');
      text.remove_prefix(1);
    }
    if (text.front() == 'A') {
      EXPECT_GE(row_, number) << "above the top";
      row_ -= number;
    } else if (text.front() == 'K' && row_ < lines_.size()) {
      lines_[row_].resize(std::min(lines_[row_].size(), column_));
    } else if (text.front() == 'J' && row_ < lines_.size()) {
      lines_.resize(row_);
    }
    return text.substr(1);
  }

  void put(char c) {
    if (c == '\r') {
      column_ = 0;
      return;
    }
    if (row_ >= lines_.size()) lines_.resize(row_ + 1);
    if (c == '\n') {
      ++row_;
      column_ = 0;
      return;
    }
    std::string& line = lines_[row_];
    if (line.size() <= column_) line.resize(column_ + 1, ' ');
    line[column_++] = c;
  }

  std::vector<std::string> lines_;
  std::size_t row_ = 0;
  std::size_t column_ = 0;
};

TEST(LiveView, OnATerminalShowsTheTableAndHowToEndIt) {
  EXPECT_EQ(draw_live({}, with_units(2), noon, terminal).text,
            "UNIT  STATE    PID  SINCE  RESTARTS\x1b[K\n"
            "a     running    -     5s         0\x1b[K\n"
            "b     running    -     5s         0\x1b[K\n"
            "2 running - Ctrl-C stops everything\x1b[K\n"
            "\x1b[J");
}

TEST(LiveView, IsRedrawnInPlace) {
  screen seen;
  live_drawing drawn = draw_live({}, with_units(3), noon, terminal);
  seen.write(drawn.text);
  daemon_status later = with_units(2);
  later.units[1].state = row_state::stopping;
  drawn = draw_live(drawn.frame, later, noon + 1s, terminal);
  seen.write(drawn.text);
  EXPECT_EQ(seen.shown(),
            "UNIT  STATE     PID  SINCE  RESTARTS\n"
            "a     running     -     6s         0\n"
            "b     stopping    -     6s         0\n"
            "1 running, 1 stopping - Ctrl-C stops everything\n");
  seen.write(draw_live(drawn.frame, with_units(5), noon, terminal).text);
  EXPECT_TRUE(seen.shown().ends_with("5 running - Ctrl-C stops everything\n"));
  EXPECT_EQ(std::ranges::count(seen.shown(), '\n'), 7);
}

TEST(LiveView, IsCutToTheHeightOfTheTerminal) {
  for (std::size_t height = 1; height < 12; ++height) {
    live_style style = terminal;
    style.height = height;
    const live_drawing drawn = draw_live({}, with_units(20), noon, style);
    EXPECT_LT(drawn.frame.lines.size(), std::max<std::size_t>(height, 5));
  }
  live_style style = terminal;
  style.height = 6;
  EXPECT_EQ(draw_live({}, with_units(20), noon, style).text,
            "UNIT  STATE    PID  SINCE  RESTARTS\x1b[K\n"
            "a     running    -     5s         0\x1b[K\n"
            "b     running    -     5s         0\x1b[K\n"
            "and 18 more\x1b[K\n"
            "20 running - Ctrl-C stops everything\x1b[K\n"
            "\x1b[J");
}

TEST(LiveView, SaysThatTheTableCannotBeRead) {
  daemon_status status = with_units(1);
  status.table_unreadable_since = noon - 2s;
  status.table_error = "locked";
  screen seen;
  seen.write(draw_live({}, status, noon, terminal).text);
  EXPECT_TRUE(seen.shown().contains("the table cannot be read for 2s: locked; what runs goes on\n"));
}

TEST(LiveView, ATableThatIsCutBeginsWithTheUnitsThatDoNotRun) {
  daemon_status status = with_units(9);
  status.units[4].state = row_state::stopped;
  status.units[6].state = row_state::backoff;
  status.units[8].state = row_state::starting;
  live_style style = terminal;
  style.height = 8;
  style.width = 80;
  screen seen;
  seen.write(draw_live({}, status, noon, style).text);
  EXPECT_EQ(seen.shown(),
            "UNIT  STATE     PID  SINCE  RESTARTS\n"
            "g     backoff     -     5s         0\n"
            "i     starting    -     5s         0\n"
            "e     stopped     -     5s         0\n"
            "a     running     -     5s         0\n"
            "and 5 more\n"
            "6 running, 1 starting, 1 backoff, 1 stopped - Ctrl-C stops everything\n");
}

TEST(LiveView, ANarrowerTerminalHasWrappedTheOldTable) {
  live_style style = terminal;
  style.colour = true;
  const live_drawing drawn = draw_live({}, with_units(1), noon, style);
  EXPECT_EQ(drawn.frame.lines, (std::vector<std::size_t>{35, 35, 35}));  // without the colours
  EXPECT_EQ(to_first_line(drawn.frame, 60), "\x1b[3A\r");
  EXPECT_EQ(to_first_line(drawn.frame, 35), "\x1b[3A\r");
  EXPECT_EQ(to_first_line(drawn.frame, 34), "\x1b[6A\r");
  style.width = 10;
  EXPECT_TRUE(draw_live(drawn.frame, with_units(1), noon, style).text.starts_with("\x1b[12A\r"));
  EXPECT_EQ(to_first_line({}, 60), "");
}

TEST(LiveView, SaysHowFarTheEndIs) {
  const auto last_line = [](live_phase phase) {
    live_style wide = terminal;
    wide.width = 90;
    screen seen;
    seen.write(draw_live({}, with_units(1), noon, wide, phase).text);
    const std::string shown = seen.shown();
    return shown.substr(shown.rfind('\n', shown.size() - 2) + 1);
  };
  EXPECT_EQ(last_line(live_phase::up), "1 running - Ctrl-C stops everything\n");
  EXPECT_EQ(last_line(live_phase::ending), "1 running - everything is stopping; Ctrl-C again kills what is left\n");
  EXPECT_EQ(last_line(live_phase::ended), "1 running\n");
}

TEST(LiveView, ElsewhereWritesALineForEachChangeAndNothingElse) {
  const live_style pipe{};
  live_drawing drawn = draw_live({}, with_units(1), noon, pipe);
  EXPECT_EQ(drawn.text, "2026-01-31T11:59:55.000Z a: running\n");
  drawn = draw_live(drawn.frame, with_units(1), noon + 1h, pipe);
  EXPECT_EQ(drawn.text, "");
  drawn = draw_live(drawn.frame, with_units(0), noon, pipe);
  EXPECT_EQ(drawn.text, "2026-01-31T12:00:00.000Z a: removed\n");
}

}  // namespace
}  // namespace steward
