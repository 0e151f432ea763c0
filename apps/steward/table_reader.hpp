// SPDX-License-Identifier: Apache-2.0
//
// Reads the keys of one table, with the same words for the same mistakes everywhere.
#pragma once

#include "problems.hpp"

#include <boost/json/value.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace steward {

/// Reads the keys of one table. A key that is not there leaves its field alone; what is wrong goes to the problems.
///
/// `wanted` says what would be right, to be put after what is wrong: `it must be a string`.
/// Lifetime: refers to all that it was made from.
class table_reader {
 public:
  table_reader(const boost::json::object& table, std::string_view path, problems& found) : table_(table), path_(path), found_(found) {}

  [[nodiscard]] std::string path(std::string_view key) const { return key_path(path_, key); }
  [[nodiscard]] problems& found() const { return found_; }
  void add(std::string_view key, std::string_view what) const { found_.add(path(key), what); }

  /// Reports every key that is not among `known`, with a guess at what was meant.
  void refuse_unknown_keys(std::span<const std::string_view> known) const;

  /// The value of a key. JSON's null is the same as no key.
  [[nodiscard]] const boost::json::value* find(std::string_view key) const;

  /// A string without NUL bytes.
  [[nodiscard]] std::optional<std::string> text(std::string_view key, std::string_view wanted) const;

  /// Every item of an array of strings, in order.
  [[nodiscard]] std::optional<std::vector<std::string>> texts(std::string_view key, std::string_view wanted) const;

  [[nodiscard]] const boost::json::object* table(std::string_view key, std::string_view wanted) const;
  [[nodiscard]] std::optional<double> number(std::string_view key, double least, double most, std::string_view wanted) const;
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key, std::int64_t least, std::string_view wanted,
                                                    std::int64_t most = std::numeric_limits<std::int64_t>::max()) const;
  [[nodiscard]] std::optional<std::chrono::nanoseconds> duration(std::string_view key, bool zero_allowed = true) const;

 private:
  const boost::json::object& table_;
  std::string_view path_;
  problems& found_;
};

/// `"is an integer"`, `"is a table"`: what a value is, for messages.
[[nodiscard]] std::string_view kind_text(const boost::json::value& value);

/// The bytes of a JSON string or key.
[[nodiscard]] inline std::string_view view(boost::json::string_view text) { return {text.data(), text.size()}; }

}  // namespace steward
