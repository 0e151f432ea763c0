// SPDX-License-Identifier: Apache-2.0
#include "unit_toml.hpp"

#include "table_reader.hpp"
#include "text.hpp"
#include "toml.hpp"
#include "toml_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <set>

namespace steward {
namespace {

namespace json = boost::json;

constexpr std::uintmax_t largest_file = std::uintmax_t{16} << 20U;
constexpr std::size_t deepest_key = 16;

source_position position_of(const toml::source_region& region) { return {.line = region.begin.line, .column = region.begin.column}; }

/// Turns TOML into the tree that the decoder reads, and remembers where everything stood.
class converter {
 public:
  explicit converter(problems& found) : found_(found) {}

  json::object table(const toml::table& from, const std::string& path) {  // NOLINT(misc-no-recursion): the parser limits the depth
    json::object out;
    for (const auto& [key, node] : from) {
      const std::string child = key_path(path, key.str());
      found_.set_place(child, position_of(key.source()));
      out.emplace(key.str(), value(node, child));
    }
    return out;
  }

 private:
  json::value value(const toml::node& from, const std::string& path) {  // NOLINT(misc-no-recursion)
    if (const auto* inner = from.as_table()) return table(*inner, path);
    if (const auto* array = from.as_array()) return items(*array, path);
    if (const auto* text = from.as_string()) return json::value(text->get());
    if (const auto* integer = from.as_integer()) return integer->get();
    if (const auto* number = from.as_floating_point()) return number->get();
    if (const auto* boolean = from.as_boolean()) return boolean->get();
    found_.add(path, "is a date or a time, which no key of a unit takes; put it in quotes to make it a string");
    return nullptr;
  }

  json::array items(const toml::array& from, const std::string& path) {  // NOLINT(misc-no-recursion)
    json::array out;
    for (std::size_t i = 0; i < from.size(); ++i) {
      const std::string child = item_path(path, i);
      found_.set_place(child, position_of(from[i].source()));
      out.push_back(value(from[i], child));
    }
    return out;
  }

  problems& found_;
};

/// Where a dotted key is deeper than any that means something. The parser would follow it by recursion until the stack is gone.
/// Where this scanner and the parser disagree about what is a string, the parser has refused the text before.
class depth_scanner {
 public:
  explicit depth_scanner(std::string_view text) : text_(text) {}

  std::optional<source_position> too_deep() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        skip_string(c);
        continue;
      }
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
        continue;
      }
      if (c == '.' && ++dots_ > deepest_key) return here();
      if (std::string_view("\n=,{}[]").contains(c)) dots_ = 0;
      ++at_;
    }
    return std::nullopt;
  }

 private:
  void skip_string(char quote) {
    const std::string three(3, quote);
    const bool many_lines = text_.substr(at_).starts_with(three);
    at_ += many_lines ? 3 : 1;
    while (at_ < text_.size()) {
      if (many_lines ? text_.substr(at_).starts_with(three) : text_[at_] == quote) {
        at_ += many_lines ? 3 : 1;
        // The last three end it: up to two before them belong to the string.
        for (int extra = 0; many_lines && extra < 2 && at_ < text_.size() && text_[at_] == quote; ++extra) ++at_;
        return;
      }
      if (!many_lines && text_[at_] == '\n') return;
      at_ += quote == '"' && text_[at_] == '\\' ? 2 : 1;
    }
  }

  [[nodiscard]] source_position here() const {
    const std::string_view before = text_.substr(0, at_);
    const auto line = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n') + 1);
    return {.line = line, .column = static_cast<std::uint32_t>(at_ - (before.rfind('\n') + 1) + 1)};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t dots_ = 0;
};

error located(const units_source& source, source_position place, std::string_view what) {
  return error(fmt::format("{}:{}:{}: {}", printable(source.file), place.line, place.column, printable(what)));
}

error about_file(std::string_view name, std::string_view what) { return error(fmt::format("{}: {}", printable(name), what)); }

result<units_file> read_units(std::istream& from, units_file into) {
  std::array<char, 4096> chunk{};  // a stack keeps what was once used of it
  while (from.read(chunk.data(), chunk.size()), from.gcount() > 0) {
    into.text.append(chunk.data(), static_cast<std::size_t>(from.gcount()));
    if (into.text.size() > largest_file) return fail(about_file(into.name, "is larger than 16 MiB; that is no units file"));
  }
  if (from.bad()) return fail(about_file(into.name, "cannot be read"));
  return into;
}

}  // namespace

result<unit_map> parse_units(std::string_view text, const units_source& source) {
  constexpr std::array<std::string_view, 2> file_keys{"unit", "group"};
  if (const auto place = depth_scanner(text).too_deep()) return fail(located(source, *place, "a key with more dots than any that has a meaning"));
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed)
    return fail(located(source, position_of(parsed.error().source()), fmt::format("not TOML: {}", toml_problem(parsed.error().description()))));

  problems found(source.file);
  const json::object root = converter(found).table(parsed.table(), {});
  table_reader(root, {}, found).refuse_unknown_keys(file_keys);
  const json::value* tables = root.if_contains("group");
  const group_policies groups = tables == nullptr ? group_policies() : decode_groups(*tables, "group", found);
  const json::value* units = root.if_contains("unit");
  unit_map out = units == nullptr ? unit_map() : decode_units(*units, "unit", source.folder, found, &groups);
  std::set<std::string_view> with_members;
  for (const auto& [name, each] : out)
    if (each.group) with_members.insert(each.group->name);
  for (const auto& [name, policy] : groups)
    if (!with_members.contains(name))
      found.add(key_path("group", name),
                fmt::format("no unit of this file is in it; write group = {{ name = {} }} into those that are", in_quotes(name)));
  check_needs(out, source.known != nullptr ? *source.known : known_units(), source.known != nullptr, "unit", found);
  check_sizes(out, "unit", found);
  check_deadlines(out, "unit", found);
  if (source.programs != nullptr) check_executables(out, *source.programs, "unit", found);
  if (!found.empty()) return fail(found.to_error());
  return out;
}

result<units_file> read_units_file(const std::string& path) {
  namespace fs = std::filesystem;
  if (path == "-") return read_units(std::cin, {.name = "<stdin>", .folder = fs::current_path().string(), .text = {}});
  std::error_code failed;
  const fs::file_status status = fs::status(path, failed);
  if (status.type() == fs::file_type::not_found) return fail(about_file(path, "no such file"));
  if (status.type() == fs::file_type::directory) return fail(about_file(path, "is a folder; give a units file"));
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(about_file(path, std::error_code(errno, std::generic_category()).message()));
  const fs::path folder = fs::absolute(path, failed).lexically_normal().parent_path();
  if (failed) return fail(about_file(path, failed.message()));
  return read_units(file, {.name = path, .folder = folder.string(), .text = {}});
}

}  // namespace steward
