// SPDX-License-Identifier: Apache-2.0
#include "table_reader.hpp"

#include "duration_text.hpp"
#include "json_text.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace steward {
namespace {

namespace json = boost::json;
using std::chrono::nanoseconds;

constexpr std::string_view has_nul = "has a NUL byte, which no program can be given";

}  // namespace

void table_reader::refuse_unknown_keys(std::span<const std::string_view> known) const {
  for (const auto& member : table_) {
    const std::string_view key = view(member.key());
    if (std::ranges::find(known, key) == known.end()) add(key, fmt::format("unknown key{}", suggestion(key, known)));
  }
}

const json::value* table_reader::find(std::string_view key) const {
  const json::value* value = table_.if_contains(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::optional<std::string> table_reader::text(std::string_view key, std::string_view wanted) const {
  const json::value* value = find(key);
  if (value == nullptr) return std::nullopt;
  const json::string* text = value->if_string();
  if (text != nullptr && !view(*text).contains('\0')) return std::string(view(*text));
  add(key, text != nullptr ? std::string(has_nul) : fmt::format("{}; {}", kind_text(*value), wanted));
  return std::nullopt;
}

std::optional<std::vector<std::string>> table_reader::texts(std::string_view key, std::string_view wanted) const {
  const json::value* value = find(key);
  if (value == nullptr) return std::nullopt;
  const json::array* array = value->if_array();
  if (array == nullptr) {
    add(key, fmt::format("{}; {}", kind_text(*value), wanted));
    return std::nullopt;
  }
  std::vector<std::string> out;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const json::string* text = (*array)[i].if_string();
    if (text == nullptr)
      found_.add(item_path(path(key), i), fmt::format("{}; {}", kind_text((*array)[i]), wanted));
    else if (view(*text).contains('\0'))
      found_.add(item_path(path(key), i), has_nul);
    else
      out.emplace_back(view(*text));
  }
  if (out.size() != array->size()) return std::nullopt;
  return out;
}

const json::object* table_reader::table(std::string_view key, std::string_view wanted) const {
  const json::value* value = find(key);
  if (value == nullptr) return nullptr;
  if (value->is_object()) return &value->get_object();
  add(key, fmt::format("{}; {}", kind_text(*value), wanted));
  return nullptr;
}

std::optional<double> table_reader::number(std::string_view key, double least, double most, std::string_view wanted) const {
  const json::value* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) {
    add(key, fmt::format("{}; {}", kind_text(*value), wanted));
    return std::nullopt;
  }
  const double read = value->is_double()  ? value->get_double()
                      : value->is_int64() ? static_cast<double>(value->get_int64())
                                          : static_cast<double>(value->get_uint64());
  if (read >= least && read <= most) return read;  // neither for NaN
  add(key, fmt::format("is {}; {}", json_line(*value), wanted));
  return std::nullopt;
}

std::optional<std::int64_t> table_reader::integer(std::string_view key, std::int64_t least, std::string_view wanted, std::int64_t most) const {
  const json::value* value = find(key);
  if (value == nullptr) return std::nullopt;
  const bool fits = value->is_int64() || (value->is_uint64() && value->get_uint64() <= std::numeric_limits<std::int64_t>::max());
  const auto read = !fits ? 0 : value->is_int64() ? value->get_int64() : static_cast<std::int64_t>(value->get_uint64());
  if (fits && read >= least && read <= most) return read;
  add(key, fmt::format("{}; {}", value->is_double() ? "is not a whole number" : value->is_number() ? "is out of range" : kind_text(*value), wanted));
  return std::nullopt;
}

std::optional<nanoseconds> table_reader::duration(std::string_view key, bool zero_allowed) const {
  const json::value* value = find(key);
  if (value == nullptr) return std::nullopt;
  const json::string* text = value->if_string();
  if (text == nullptr) {
    const std::string written = json_line(*value);
    const std::string_view example = value->is_number() && !written.starts_with('-') ? std::string_view(written) : "10";
    add(key, fmt::format("{}; a duration is a string with a unit, such as \"{}s\"", kind_text(*value), example));
    return std::nullopt;
  }
  const auto read = parse_duration(view(*text));
  if (read && (zero_allowed || *read > nanoseconds(0))) return *read;
  add(key, read ? "must be longer than zero" : fmt::format("{} {}", in_quotes(view(*text)), read.error().to_string()));
  return std::nullopt;
}

std::string_view kind_text(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "is null";
    case json::kind::bool_:
      return "is a boolean";
    case json::kind::int64:
    case json::kind::uint64:
      return "is an integer";
    case json::kind::double_:
      return "is a number";
    case json::kind::string:
      return "is a string";
    case json::kind::array:
      return "is an array";
    case json::kind::object:
      return "is a table";
  }
  return "is something else";
}

}  // namespace steward
