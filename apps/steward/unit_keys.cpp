// SPDX-License-Identifier: Apache-2.0
#include "unit_keys.hpp"

#include "unit_json.hpp"

#include <boost/json/object.hpp>

#include <algorithm>

namespace steward {
namespace {

namespace json = boost::json;

bool is_equal(const json::value* left, const json::value* right) { return left == nullptr || right == nullptr ? left == right : *left == *right; }

}  // namespace

row_edit edit_of(const unit& was, const unit& now) { return edit_of(unit_to_json(was), unit_to_json(now)); }

row_edit edit_of(const json::value& was, const json::value& now) {
  const json::object* const before = was.if_object();
  const json::object* const after = now.if_object();
  if (before == nullptr || after == nullptr) return row_edit::restart;
  const bool same = std::ranges::all_of(unit_keys, [&](const unit_key& each) {
    return each.edit == row_edit::keep || is_equal(before->if_contains(each.name), after->if_contains(each.name));
  });
  return same ? row_edit::keep : row_edit::restart;
}

}  // namespace steward
