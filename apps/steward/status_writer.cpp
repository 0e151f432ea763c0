// SPDX-License-Identifier: Apache-2.0
#include "status_writer.hpp"

#include "steward/program/process_group.hpp"

#include <boost/json/object.hpp>

namespace steward {

namespace json = boost::json;

json::value nullable(const std::optional<wall_time>& from) {
  if (!from) return nullptr;
  return json::value(timestamp_text(*from));
}

json::array names_to_json(const std::vector<std::string>& names) {
  json::array out;
  for (const std::string& name : names) out.emplace_back(name);
  return out;
}

json::value exit_to_json(const std::optional<unit_exit>& from) {
  if (!from) return nullptr;
  return json::object{{"reason", std::string(to_string(from->reason))},
                      {"error", nullable(from->error)},
                      {"code", nullable(from->code)},
                      {"signal", from->signal ? json::value(signal_name(*from->signal)) : json::value(nullptr)},
                      {"started_at", nullable(from->started_at)},
                      {"ready_at", nullable(from->ready_at)},
                      {"ended_at", nullable(from->ended_at)}};
}

}  // namespace steward
