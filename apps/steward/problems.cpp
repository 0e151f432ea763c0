// SPDX-License-Identifier: Apache-2.0
#include "problems.hpp"

#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

namespace steward {
namespace {

constexpr std::size_t shown_problems = 50;  // a file of another format gives one problem a line; nobody reads more

bool is_plain(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

void problems::add(std::string_view path, std::string_view what) {
  const source_position place = place_of(path);
  if (found_.size() == shown_problems) {
    ++left_out_;
    if (place >= std::prev(found_.end())->first) return;
    found_.erase(std::prev(found_.end()));
  }
  std::string text = file_.empty() ? std::string() : fmt::format("{}:{}:{}: ", printable(file_), place.line, place.column);
  text += path.empty() ? std::string(what) : fmt::format("{}: {}", path, what);
  found_.emplace(place, std::move(text));
}

source_position problems::place_of(std::string_view path) const {
  while (!path.empty()) {
    if (const auto found = places_.find(path); found != places_.end()) return found->second;
    const std::size_t end = path.find_last_of(".[");
    path = path.substr(0, end == std::string_view::npos ? 0 : end);
  }
  return {.line = 1, .column = 1};
}

error problems::to_error() const {
  std::vector<error> errors;
  for (const auto& [place, text] : found_) errors.emplace_back(std::make_error_code(std::errc::invalid_argument), text);
  if (left_out_ > 0) errors.emplace_back(fmt::format("and {} more", left_out_));
  return error::join(errors);
}

std::string key_path(std::string_view parent, std::string_view key) {
  const std::string shown = is_plain(key) ? std::string(key) : in_quotes(key);
  return parent.empty() ? shown : fmt::format("{}.{}", parent, shown);
}

std::string item_path(std::string_view parent, std::size_t index) { return fmt::format("{}[{}]", parent, index); }

}  // namespace steward
