// SPDX-License-Identifier: Apache-2.0
#include "text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace steward {
namespace {

constexpr std::array<std::string_view, 4> words{"command", "directory", "restart", "ready"};

TEST(Text, TheNearestWordIsFoundThroughOneSlip) {
  EXPECT_EQ(nearest("comand", words), "command");    // one missing
  EXPECT_EQ(nearest("commandd", words), "command");  // one too many
  EXPECT_EQ(nearest("camnand", words), "command");   // two wrong
  EXPECT_EQ(nearest("raedy", words), "ready");       // two swapped
}

TEST(Text, AWordThatIsNothingLikeAnyIsNotGuessed) {
  EXPECT_EQ(nearest("environment", words), std::nullopt);
  EXPECT_EQ(nearest("x", words), std::nullopt);
  EXPECT_EQ(nearest("", words), std::nullopt);
  EXPECT_EQ(nearest("ready", {}), std::nullopt);
}

TEST(Text, ASuggestionNamesTheNearestOrElseAllThatAreKnown) {
  EXPECT_EQ(suggestion("comand", words), "; did you mean \"command\"?");
  EXPECT_EQ(suggestion("port", words), "; known: command, directory, restart, ready");
}

TEST(Text, QuotingMakesAnyBytesSafeForATerminal) {
  EXPECT_EQ(in_quotes("plain"), "\"plain\"");
  EXPECT_EQ(in_quotes("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(in_quotes(std::string_view("a\0b", 3)), "\"a\\x00b\"");
  EXPECT_EQ(in_quotes("\x1b[31m"), "\"\\x1b[31m\"");
  EXPECT_EQ(in_quotes("\xff\xfe"), "\"\\xff\\xfe\"");
  EXPECT_EQ(in_quotes("\xc2\x9b"), "\"\\xc2\\x9b\"");           // the C1 form of ESC [
  EXPECT_EQ(in_quotes("\xe2\x80\xae"), "\"\\xe2\\x80\\xae\"");  // right-to-left override
  EXPECT_EQ(in_quotes("größe"), "\"größe\"");
  EXPECT_EQ(printable("two\nlines\t\"x\""), "two\\nlines\\t\"x\"");
}

TEST(Text, OverlongEncodingsAndSurrogatesAreNotCharacters) {
  EXPECT_EQ(printable("\xc0\x80"), "\\xc0\\x80");
  EXPECT_EQ(printable("\xe0\x80\x80"), "\\xe0\\x80\\x80");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(printable("\xe2\x82"), "\\xe2\\x82");
}

TEST(Text, ALongTextIsCutInItsQuotesButNotInsideACharacter) {
  EXPECT_EQ(in_quotes(std::string(80, 'x')), "\"" + std::string(80, 'x') + "\"");
  EXPECT_EQ(in_quotes(std::string(81, 'x')), "\"" + std::string(80, 'x') + "...\"");
  EXPECT_EQ(in_quotes(std::string(79, 'x') + "ß!"), "\"" + std::string(79, 'x') + "...\"");
}

TEST(Text, ColumnsCountCharactersAndWideOnesTwice) {
  EXPECT_EQ(columns("abc"), 3U);
  EXPECT_EQ(columns("größe"), 5U);
  EXPECT_EQ(columns("日本"), 4U);
  EXPECT_EQ(columns("\xff"), 1U);
}

TEST(Text, FittingNeverExceedsTheWidthAndMarksTheCut) {
  EXPECT_EQ(fitted("abcdef", 6), "abcdef");
  EXPECT_EQ(fitted("abcdef", 5), "abcd…");
  EXPECT_EQ(fitted("日本語", 4), "日…");
  EXPECT_EQ(fitted("abc", 1), "…");
  EXPECT_EQ(fitted("abc", 0), "");
}

}  // namespace
}  // namespace steward
