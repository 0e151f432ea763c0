// SPDX-License-Identifier: Apache-2.0
#include "steward/program/rotating_log.hpp"

#include "support.hpp"

#include <fstream>
#include <iterator>

namespace steward {
namespace {

std::string content(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

class RotatingLog : public ::testing::Test {
 protected:
  /// Three lines to a part.
  [[nodiscard]] rotating_log log(unsigned parts) {
    options_ = {.file = file_, .size = 6, .parts = parts};
    return rotating_log(options_);
  }

  test::temporary_folder folder_;
  std::string file_ = folder_ / "sub/log";
  log_options options_;
};

TEST_F(RotatingLog, KeepsSoManyPartsAndTheNewestFirst) {
  auto written = log(3);
  written.write("1\n2\n3\n4\n5\n6\n7\n8\n9\na\nb\nc\nd\n");
  EXPECT_EQ(content(file_), "d\n");
  EXPECT_EQ(content(file_ + ".1"), "a\nb\nc\n");
  EXPECT_EQ(content(file_ + ".2"), "7\n8\n9\n");
  EXPECT_FALSE(std::filesystem::exists(file_ + ".3"));
  EXPECT_EQ(written.dropped(), 0U);
}

TEST_F(RotatingLog, WithOnePartBeginsAnew) {
  auto written = log(1);
  for (const char* line : {"1\n", "2\n", "3\n", "4\n"}) written.write(line);
  EXPECT_EQ(content(file_), "4\n");
  EXPECT_FALSE(std::filesystem::exists(file_ + ".1"));
}

TEST_F(RotatingLog, LinesThatComeOneByOneBeginNewPartsToo) {
  auto written = log(2);
  for (int i = 0; i < 100; ++i) written.write(std::to_string(i % 10) + "\n");
  EXPECT_EQ(content(file_ + ".1"), "6\n7\n8\n");
  EXPECT_EQ(content(file_), "9\n");
}

TEST_F(RotatingLog, NeverCutsALineThatComesInPieces) {
  auto written = log(2);
  for (const char* piece : {"12", "34", "56", "78\n", "9\n"}) written.write(piece);
  EXPECT_EQ(content(file_ + ".1"), "12345678\n");
  EXPECT_EQ(content(file_), "9\n");
}

TEST_F(RotatingLog, CutsWhatHasNoLineBreaks) {
  auto written = log(2);
  for (int i = 0; i < 10; ++i) written.write("12345");
  EXPECT_EQ(content(file_ + ".1").size(), 12U) << "twice its size, because that is less than 64 KiB";
  EXPECT_LE(content(file_).size(), 12U);
}

TEST_F(RotatingLog, GrowsByNoMoreThan64KiBForALine) {
  constexpr std::uint64_t size = std::uint64_t{1} << 20U;
  constexpr std::uint64_t most = size + (std::uint64_t{64} << 10U);
  options_ = {.file = file_, .size = size, .parts = 2};
  rotating_log written(options_);
  for (const std::size_t piece : {std::size_t{1000}, std::size_t{65536}, std::size_t{3} << 20U}) {
    for (std::size_t sent = 0; sent < 4 * size; sent += piece) written.write(std::string(piece, 'x'));
    EXPECT_EQ(content(file_ + ".1").size(), most) << piece;
    EXPECT_LE(content(file_).size(), most) << piece;
  }
}

TEST_F(RotatingLog, AFileThatIsLongerAlreadyIsLeftAsItIs) {
  std::filesystem::create_directory(folder_ / "sub");
  std::ofstream(file_) << std::string(100, 'x');
  auto written = log(2);
  written.write("12345678");
  EXPECT_EQ(content(file_ + ".1").size(), 100U);
  EXPECT_EQ(content(file_), "12345678");
}

TEST_F(RotatingLog, APartThatCannotBePutAsideGoesOnToGrow) {
  std::filesystem::create_directories(file_ + ".1/in_the_way");
  auto written = log(2);
  std::string all;
  for (int i = 0; i < 20; ++i) {
    const std::string piece = std::string(static_cast<std::size_t>(i), 'x') + (i % 3 == 0 ? "\n" : "");
    written.write(piece);
    all += piece;
  }
  EXPECT_EQ(content(file_), all);
}

TEST_F(RotatingLog, GoesOnWithAFileThatIsThere) {
  log(2).write("1\n2\n");
  log(2).write("3\n4\n");
  EXPECT_EQ(content(file_), "4\n");
  EXPECT_EQ(content(file_ + ".1"), "1\n2\n3\n");
}

TEST_F(RotatingLog, SaysWhyItCannotBeWrittenUntilItCan) {
  std::ofstream(folder_ / "sub") << "a file in the way";
  auto written = log(2);
  EXPECT_FALSE(written.trouble());
  written.write("1\n");
  EXPECT_EQ(written.trouble(), std::errc::not_a_directory);
  EXPECT_EQ(written.dropped(), 2U);
  std::filesystem::remove(folder_ / "sub");
  written.write("2\n");
  EXPECT_FALSE(written.trouble());
  EXPECT_TRUE(content(file_).ends_with("2\n"));
}

TEST_F(RotatingLog, SaysThatTheDiskIsFull) {
  const log_options full{.file = "/dev/full"};
  rotating_log written(full);
  written.write("1\n");
  EXPECT_EQ(written.trouble(), std::errc::no_space_on_device);
  EXPECT_EQ(written.dropped(), 2U);
}

TEST_F(RotatingLog, ThatWasDeletedIsMadeAgain) {
  auto written = log(2);
  written.write("1\n");
  std::filesystem::remove_all(folder_ / "sub");
  written.write("2\n");
  EXPECT_EQ(content(file_), "2\n");
  EXPECT_EQ(written.dropped(), 0U);
}

}  // namespace
}  // namespace steward
