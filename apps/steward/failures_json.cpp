// SPDX-License-Identifier: Apache-2.0
#include "failures_json.hpp"

#include "status_writer.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstddef>
#include <utility>

namespace steward {
namespace {

namespace json = boost::json;

json::object entry_to_json(const failure_tree::entry& from, wall_time at) {
  return {{"key", from.what.name},
          {"depth", from.depth},
          {"at", timestamp_text(at)},
          {"how", from.what.how},
          {"error", from.what.cause ? json::value(from.what.cause->to_string()) : json::value(nullptr)},
          {"because_of", nullable(from.what.because_of)}};
}

}  // namespace

json::value failures_to_json(const std::vector<unit_failure>& all) {
  json::array out;
  for (const unit_failure& each : all) {
    json::array fell;
    for (std::size_t i = 0; i < each.at.size(); ++i) fell.push_back(entry_to_json(each.tree.entries()[i], each.at[i]));
    out.push_back(json::object{{"at", timestamp_text(each.at.front())}, {"text", each.tree.to_string()}, {"fell", std::move(fell)}});
  }
  return out;
}

}  // namespace steward
