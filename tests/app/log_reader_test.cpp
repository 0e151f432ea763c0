// SPDX-License-Identifier: Apache-2.0
#include "log_reader.hpp"

#include "fake_daemon.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace steward {
namespace {

constexpr std::size_t block = std::size_t{256} << 10U;  // what is read at a time, from the end

std::string text(const result<std::string>& read) { return read ? *read : read.error().to_string(); }

// The clock of a file system ticks every few milliseconds.
void let_a_tick_pass() { std::this_thread::sleep_for(std::chrono::milliseconds(30)); }

class a_log {
 public:
  [[nodiscard]] std::string path() const { return name(); }

  void remove() const { std::filesystem::remove(name()); }

  // As rotating_log does with two parts.
  void rotate() const {
    let_a_tick_pass();
    std::filesystem::remove(name() + ".1");
    std::filesystem::rename(name(), name() + ".1");
    let_a_tick_pass();
  }

  void write(const std::string& text, const std::string& part = "") const { std::ofstream(name() + part, std::ios::app) << text; }

  [[nodiscard]] std::string tail(std::size_t lines) const {
    const auto text = log_reader(name()).tail(lines);
    return text ? *text : text.error().to_string();
  }

 private:
  [[nodiscard]] std::string name() const { return folder_ / "u.log"; }

  testing::temporary_folder folder_;
};

TEST(LogReader, TheLastLinesComeWholeWhereverABlockBegins) {
  for (const std::size_t length : {std::size_t{5}, block - 3, block - 2, block - 1, block, block + 1, 2 * block + 1}) {
    const a_log log;
    const std::string wanted = std::string(length, 'b') + "\n" + std::string(20, 'c') + "\n";
    log.write(std::string(30, 'a') + "\n" + wanted);
    EXPECT_TRUE(log.tail(2) == wanted) << length << " bytes; got " << log.tail(2).size();
    EXPECT_EQ(log.tail(3).size(), wanted.size() + 31) << length;
    EXPECT_EQ(log.tail(9).size(), wanted.size() + 31) << length;
    EXPECT_EQ(log.tail(1), std::string(20, 'c') + "\n");
    EXPECT_EQ(log.tail(0), "");
  }
}

TEST(LogReader, GoesBackIntoThePartBefore) {
  const a_log log;
  log.write("one\ntwo\nthree\n", ".1");
  log.write("four\nfive\n");
  EXPECT_EQ(log.tail(2), "four\nfive\n");
  EXPECT_EQ(log.tail(3), "three\nfour\nfive\n");
  EXPECT_EQ(log.tail(9), "one\ntwo\nthree\nfour\nfive\n");
}

TEST(LogReader, ALastLineWithoutABreakIsALine) {
  const a_log log;
  log.write("one\ntwo\n", ".1");
  log.write("\nfour");
  EXPECT_EQ(log.tail(1), "four");
  EXPECT_EQ(log.tail(2), "\nfour");
  EXPECT_EQ(log.tail(3), "two\n\nfour");
}

TEST(LogReader, MoreThanItReadsBeginsWithAWholeLineAndLeavesNoGap) {
  const a_log log;
  log.write("before\n", ".1");
  std::string line(std::size_t{1} << 20U, 'x');
  line.back() = '\n';
  for (int i = 0; i < 65; ++i) log.write(i == 0 ? "first\n" : line);
  log.write("last\n");
  const std::string got = log.tail(1000);
  EXPECT_EQ(got.size(), 63 * line.size() + 5);
  EXPECT_TRUE(got.starts_with("xx"));
}

TEST(LogReader, FollowsThroughEachPartThatIsLeftAndSaysWhereOneIsMissing) {
  const a_log log;
  log_reader reader(log.path());
  log.write("0");
  EXPECT_EQ(text(reader.tail(1)), "0");
  log.write("00");
  log.rotate();
  log.write("1");
  EXPECT_EQ(text(reader.more()), "00") << "the rest of what was rotated";
  EXPECT_EQ(text(reader.more()), "1");
  log.rotate();
  log.write("2");
  log.rotate();
  log.write("3");
  EXPECT_EQ(text(reader.more()), "2") << "what it had is removed, and the next part is left";
  EXPECT_EQ(text(reader.more()), "3");
  for (const auto* each : {"4", "5", "6"}) {
    log.rotate();
    log.write(each);
  }
  EXPECT_EQ(text(reader.more()), "[steward: output is missing here, rotated away before it was read]\n");
  EXPECT_EQ(text(reader.more()), "5");
  EXPECT_EQ(text(reader.more()), "6");
  EXPECT_EQ(text(reader.more()), "");
}

TEST(LogReader, ALogThatSomebodyRemovedGoesOnWithTheNewOneAndNotWithAnOlderPart) {
  const a_log log;
  log.write("0");
  log.rotate();
  log.write("1");
  log_reader reader(log.path());
  EXPECT_EQ(text(reader.tail(0)), "");
  log.remove();
  EXPECT_EQ(text(reader.more()), "");
  log.write("2");
  EXPECT_EQ(text(reader.more()), "2");
}

TEST(LogReader, NoLogYetIsEmpty) { EXPECT_EQ(a_log().tail(5), ""); }

}  // namespace
}  // namespace steward
