// SPDX-License-Identifier: Apache-2.0
//
// Small text helpers that messages are made with: quoting what users wrote, and guessing what they meant.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace steward {

/// The word among `known` that `word` was probably meant to be, if one is near enough.
/// Shape: at most a third of the longer word may differ (insertions, deletions, replacements, swapped neighbours); the first of equals wins.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known);

/// A character of a text in UTF-8.
struct character {
  char32_t point = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

/// The first character of a text that is not empty. What is not UTF-8 is one invalid byte.
[[nodiscard]] character first_character(std::string_view text);

/// Whether a terminal may obey a character and not show it: C0, C1, DEL, and what ends a line or reorders it.
[[nodiscard]] bool is_control(char32_t point);

/// `text` in double quotes on one line, safe for a terminal: control bytes and bytes that are not UTF-8 as `\xNN`, long texts cut with `...`.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// `text` on one line, safe for a terminal, without quotes and never cut.
[[nodiscard]] std::string printable(std::string_view text);

/// `a, b, c`.
[[nodiscard]] std::string listed(std::span<const std::string_view> words);

/// `; did you mean "x"?`, or where nothing is near `; known: a, b, c`.
[[nodiscard]] std::string suggestion(std::string_view word, std::span<const std::string_view> known);

/// How many terminal columns a UTF-8 text takes. Wide characters of East Asian scripts and emoji count as two.
[[nodiscard]] std::size_t columns(std::string_view text);

/// `text` cut to at most `width` columns; a cut one ends in `…`. Never cuts inside a character.
[[nodiscard]] std::string fitted(std::string_view text, std::size_t width);

}  // namespace steward
