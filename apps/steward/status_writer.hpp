// SPDX-License-Identifier: Apache-2.0
//
// Writes the parts that everything is made of that a daemon tells of its units as JSON: instants, names, and how something ended.
#pragma once

#include "status.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <vector>

namespace steward {

/// Null where there is none.
template <class T>
[[nodiscard]] boost::json::value nullable(const std::optional<T>& from) {
  if (!from) return nullptr;
  return boost::json::value(*from);
}
[[nodiscard]] boost::json::value nullable(const std::optional<wall_time>& from);
[[nodiscard]] boost::json::value exit_to_json(const std::optional<unit_exit>& from);
[[nodiscard]] boost::json::array names_to_json(const std::vector<std::string>& names);

}  // namespace steward
