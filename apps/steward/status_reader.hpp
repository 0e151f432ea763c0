// SPDX-License-Identifier: Apache-2.0
//
// Reads the parts that everything is made of that a daemon tells of its units as JSON: instants, signals, names, and how something ended.
#pragma once

#include "status.hpp"
#include "table_reader.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace steward {

inline constexpr std::string_view wanted_text = "it must be a string";

/// Reads the keys of a status, each into its field. A key that must be there and is not is a problem.
///
/// Lifetime: refers to all that it was made from.
class status_reader {
 public:
  status_reader(const boost::json::object& table, std::string_view path, problems& found) : reader_(table, path, found) {}

  [[nodiscard]] const table_reader& reader() const { return reader_; }

  /// Whether the key is there.
  [[nodiscard]] bool required(std::string_view key) const;

  void required_text(std::string_view key, std::string& into) const;
  void text(std::string_view key, std::optional<std::string>& into) const { into = reader_.text(key, wanted_text); }
  void names(std::string_view key, std::vector<std::string>& into) const;
  void count(std::string_view key, std::uint64_t& into) const;
  void small(std::string_view key, std::optional<int>& into) const;
  void instant(std::string_view key, std::optional<wall_time>& into) const;
  void since(wall_time& into) const;
  void signal(std::string_view key, std::optional<int>& into) const;

  template <class Enum>
  void name(std::string_view key, std::optional<Enum> (*parse)(std::string_view) noexcept, Enum& into) const {
    if (!required(key)) return;
    const auto text = reader_.text(key, wanted_text);
    if (!text) return;
    if (const auto read = parse(*text))
      into = *read;
    else
      refuse_name(key, *text);
  }

 private:
  void refuse_name(std::string_view key, std::string_view text) const;

  table_reader reader_;
};

/// Reads `exit`, which may be null.
void read_exit(const table_reader& from, std::optional<unit_exit>& into);

}  // namespace steward
