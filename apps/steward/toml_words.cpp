// SPDX-License-Identifier: Apache-2.0
#include "toml_words.hpp"

#include "text.hpp"

#include <algorithm>
#include <array>

namespace steward {
namespace {

/// In which scope and for which reason the parser gave up, and what to say of it. Empty: any. `NAME` stands for what the reason quotes.
struct rule {
  std::string_view scope;
  std::string_view reason;
  std::string_view words;
};

// The first that fits. The scopes and reasons are those of toml++ 3.3.
constexpr std::array rules{
    rule{"", "cannot redefine existing table", "NAME is there already; write its keys together in one place"},
    rule{"", "cannot redefine", "NAME is there already; write it once"},
    rule{"", "existing inline table", "NAME belongs to a table in braces, which is closed; write it inside the braces"},
    rule{"", "nested value depth", "values inside one another, deeper than any that has a meaning"},
    rule{"", "utf-8", "bytes that are not UTF-8; save the file as UTF-8"},
    rule{"string", "end-of-file", "the file ends inside a string; close it with a quote"},
    rule{"literal string", "end-of-file", "the file ends inside a string; close it with a quote"},
    rule{"array", "end-of-file", "the file ends inside an array; close it with ]"},
    rule{"inline table", "end-of-file", "the file ends inside a table in braces; close it with }"},
    rule{"table header", "end-of-file", "the file ends inside a heading; close it with ]"},
    rule{"boolean", "", "not a value; strings are in quotes, true and false are not"},
    rule{"floating-point", "expected 'n", "not a value; strings are in quotes"},  // nan
    rule{"floating-point", "expected 'i", "not a value; strings are in quotes"},  // inf
    rule{"", "end-of-file", "the file ends too early; after a key come = and a value"},
    rule{"string", "unknown escape",
         "a backslash escapes what has no meaning; write \\\\ for a backslash, or use single quotes, in which nothing is escaped"},
    rule{"unicode scalar sequence", "", "not a character's number; \\u takes 4 hexadecimal digits and \\U takes 8"},
    rule{"string", "", "a string ends on its line and has no control characters; close it with a quote, or use three quotes for several lines"},
    rule{"literal string", "",
         "a string ends on its line and has no control characters; close it with a quote, or use three quotes for several lines"},
    rule{"comment", "", "a comment has a control character; take it out"},
    rule{"key-value pair", "expected '='", "after a key come = and a value, such as restart = \"never\""},
    rule{"key-value pair", "expected value", "after = comes a value on the same line, such as restart = \"never\""},
    rule{"key-value pair", "", "something stands behind a value; each key begins a line of its own"},
    rule{"key", "", "not a key; one is of A-Z a-z 0-9 _ -, and any other is put in quotes"},
    rule{"table header", "", "not a heading; one is [unit.NAME] on a line of its own"},
    rule{"array", "", "not an array; one has commas between its values and ] at its end, such as [\"sleep\", \"10\"]"},
    rule{"inline table", "", "not a table in braces; one is { key = value, key = value } on one line, without a comma at its end"},
    rule{"root table", "", "a line begins with a key, a [heading] or a # comment"},
    rule{"value", "", "not a value; strings are in quotes"},
    rule{"", "64 bits", "a number larger than any that has a meaning; the largest is 9223372036854775807"},
    rule{"", "integer", "not a number; put it in quotes to make it a string"},
    rule{"floating-point", "", "not a number; put it in quotes to make it a string"},
    rule{"date", "", "not a date; put it in quotes to make it a string"},
    rule{"time", "", "not a time; put it in quotes to make it a string"},
    rule{"date-time", "", "not a date and time; put it in quotes to make it a string"},
    rule{"date-time offset", "", "not a date and time; put it in quotes to make it a string"},
};

std::string_view quoted_in(std::string_view reason) {
  const std::size_t first = reason.find('\'');
  const std::size_t last = reason.rfind('\'');
  return first == last ? "it" : reason.substr(first + 1, last - first - 1);
}

}  // namespace

std::string toml_problem(std::string_view description) {
  constexpr std::string_view prefix = "Error while parsing ";
  constexpr std::string_view name = "NAME";
  if (description.starts_with(prefix)) description.remove_prefix(prefix.size());
  const std::string_view scope = description.substr(0, description.find(':'));
  const std::string_view reason = description.substr(std::min(description.size(), scope.size() + 1));
  const auto fits = [&](const rule& each) { return (each.scope.empty() || each.scope == scope) && description.contains(each.reason); };
  const auto* const found = std::ranges::find_if(rules, fits);
  if (found == rules.end()) return "it cannot be read from here on; a line is KEY = VALUE, [unit.NAME] or # a comment";
  std::string words(found->words);
  if (words.starts_with(name)) words.replace(0, name.size(), printable(quoted_in(reason)));
  return words;
}

}  // namespace steward
