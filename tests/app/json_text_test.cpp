// SPDX-License-Identifier: Apache-2.0
#include "json_text.hpp"

#include <gmock/gmock.h>

#include <random>

namespace steward {
namespace {

namespace json = boost::json;

std::string complaint(std::string_view text) {
  const auto read = parse_json(text);
  return read ? "accepted" : read.error().to_string();
}

TEST(JsonText, KeepsTheOrderOfKeys) {
  const std::string text = R"({"b":[1,-2,18446744073709551615,true,null],"a":{"x":"y"}})";
  EXPECT_EQ(json_line(parse_json(text).value()), text);
}

TEST(JsonText, NumbersAreWrittenAsPeopleWriteThem) {
  EXPECT_EQ(json_line(0.2), "0.2");
  EXPECT_EQ(json_line(2.5), "2.5");
  EXPECT_EQ(json_line(1e300), "1e+300");
}

TEST(JsonText, EveryNumberSurvivesTheRoundTripExactly) {
  std::mt19937_64 random(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same cases in every run
  for (int i = 0; i < 20000; ++i) {
    const double value = std::uniform_real_distribution<double>(0, 3)(random);
    ASSERT_EQ(parse_json(json_line(value)).value().to_number<double>(), value);
  }
}

TEST(JsonText, PrettyIsIndentedAndKeepsEmptyThingsOnOneLine) {
  const json::value value = json::object{{"a", json::array{1, "x"}}, {"b", json::object{}}, {"c", json::array{}}};
  EXPECT_EQ(json_pretty(value), "{\n  \"a\": [\n    1,\n    \"x\"\n  ],\n  \"b\": {},\n  \"c\": []\n}");
}

TEST(JsonText, StringsAreEscaped) { EXPECT_EQ(json_line(json::string("a\"\n\x01ß")), "\"a\\\"\\n\\u0001ß\""); }

TEST(JsonText, WhatATerminalWouldObeyIsEscapedAndReadsBackTheSame) {
  const std::string text = "\u0080\u009b31m\u009f\u007f\u2028\u202e\u2066 \u00a0\u00e4\u20ac\U0001f600";
  const json::value value = json::object{{text, json::array{json::string(text)}}};
  const std::string escaped = R"("\u0080\u009b31m\u009f\u007f\u2028\u202e\u2066 )"
                              "\u00a0\u00e4\u20ac\U0001f600\"";
  EXPECT_EQ(json_line(value), "{" + escaped + ":[" + escaped + "]}");
  EXPECT_EQ(json_pretty(value), "{\n  " + escaped + ": [\n    " + escaped + "\n  ]\n}");
  EXPECT_EQ(parse_json(json_line(value)).value(), value);
}

TEST(JsonText, AKeyThatAppearsTwiceIsRefused) {
  EXPECT_EQ(complaint(R"({"a":1,"b":{"a":1},"a":2})"), "not JSON: key \"a\" appears twice in one object, at byte 21");
  EXPECT_EQ(complaint(R"({"":1,"":2})"), "not JSON: key \"\" appears twice in one object, at byte 7");
  EXPECT_EQ(complaint(R"({"\u0061":1,"a":2})"), "not JSON: key \"a\" appears twice in one object, at byte 14");
  EXPECT_EQ(complaint(R"({"a":{"x":1},"b":{"x":1}})"), "accepted");
}

TEST(JsonText, WhatIsNotOneDocumentIsRefusedWithItsPlace) {
  EXPECT_EQ(complaint("{} x"), "not JSON: extra data at byte 3");
  EXPECT_EQ(complaint(""), "not JSON: incomplete JSON at byte 0");
  EXPECT_EQ(complaint("{\"a\":"), "not JSON: incomplete JSON at byte 5");
  EXPECT_EQ(complaint("[1,]"), "not JSON: syntax error at byte 3");
  EXPECT_EQ(complaint(std::string(40, '[')), "not JSON: too deep at byte 32");
  EXPECT_NE(complaint("\"\xff\""), "accepted");
}

TEST(JsonText, ANumberThatIsTooLargeIsRefusedAndOneThatIsTooSmallIsZero) {
  for (const auto* const huge : {"1e400", "-1e400", "115e53333333333", "[1,1e999]"}) {
    const auto read = parse_json(huge);
    ASSERT_FALSE(read.has_value()) << huge;
    EXPECT_THAT(read.error().to_string(), ::testing::HasSubstr("exponent overflow")) << huge;
  }
  EXPECT_EQ(json_line(parse_json("1e-400").value()), "0");
  EXPECT_EQ(json_line(parse_json("-0.0").value()), "0");
  EXPECT_EQ(json_line(parse_json("1e308").value()), "1e+308");
}

}  // namespace
}  // namespace steward
