// SPDX-License-Identifier: Apache-2.0
#include "unit_supervision.hpp"

#include "duration_text.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace steward {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 5> backoff_keys{"initial", "max", "factor", "jitter", "reset_after"};
constexpr std::array<std::string_view, 3> budget_keys{"restarts", "window", "then"};
constexpr std::array<std::string_view, 2> requirement_keys{"unit", "on_loss"};
constexpr std::array<std::string_view, 2> place_keys{"name", "place"};
constexpr std::array<std::string_view, 3> group_keys{"strategy", "backoff", "budget"};
constexpr std::array<std::string_view, 5> whole_group_keys{"name", "place", "strategy", "backoff", "budget"};

constexpr std::array<std::string_view, 3> restart_values{"always", "on_failure", "never"};
constexpr std::array<std::string_view, 2> exhausted_values{"slow_retry", "give_up"};
constexpr std::array<std::string_view, 3> loss_values{"ignore", "restart", "stop"};
constexpr std::array<std::string_view, 3> strategy_values{"one_for_one", "one_for_all", "rest_for_one"};

constexpr std::int64_t most_restarts = 10'000;  // a budget remembers the instant of each
constexpr std::int64_t last_place = 1'000'000;

/// Reads one word of a closed set.
template <class Enum>
void decode_word(const table_reader& from, std::string_view key, std::span<const std::string_view> values,
                 std::optional<Enum> (*parse)(std::string_view) noexcept, Enum& into) {
  const std::string wanted = fmt::format("it must be one of: {}", listed(values));
  const auto text = from.text(key, wanted);
  if (!text) return;
  if (const auto word = parse(*text))
    into = *word;
  else
    from.add(key, fmt::format("is {}; {}", in_quotes(*text), wanted));
}

void decode_backoff(const table_reader& from, backoff& into) {
  const json::object* table = from.table("backoff", "it must be a table, such as { initial = \"200ms\", max = \"1m\" }");
  if (table == nullptr) return;
  const std::string path = from.path("backoff");
  const table_reader reader(*table, path, from.found());
  reader.refuse_unknown_keys(backoff_keys);
  into.initial = reader.duration("initial", false).value_or(into.initial);
  into.max = reader.duration("max", false).value_or(into.max);
  into.factor = reader.number("factor", 1, 1000, "it must be a number from 1 to 1000").value_or(into.factor);
  into.jitter = reader.number("jitter", 0, 1, "it must be a number from 0 to 1, a fraction of the delay").value_or(into.jitter);
  into.reset_after = reader.duration("reset_after").value_or(into.reset_after);
  if (into.max >= into.initial) return;
  const bool max_given = reader.find("max") != nullptr;
  reader.add(max_given ? "max" : "initial",
             fmt::format("max ({}) is less than initial ({}); it must be at least that", duration_text(into.max), duration_text(into.initial)));
}

void decode_budget(const table_reader& from, std::optional<restart_budget>& into) {
  const json::object* table = from.table("budget", "it must be a table, such as { restarts = 10, window = \"10m\", then = \"give_up\" }");
  if (table == nullptr) return;
  const std::string path = from.path("budget");
  const table_reader reader(*table, path, from.found());
  reader.refuse_unknown_keys(budget_keys);
  restart_budget& budget = into.emplace();
  const auto restarts = reader.integer("restarts", 0, fmt::format("it must be an integer from 0 to {}", most_restarts), most_restarts);
  budget.restarts = static_cast<std::uint32_t>(restarts.value_or(budget.restarts));
  budget.window = reader.duration("window", false).value_or(budget.window);
  decode_word(reader, "then", exhausted_values, exhausted_from_string, budget.then);
}

void decode_group_policy(const table_reader& from, group_policy& into) {
  decode_word(from, "strategy", strategy_values, group_strategy_from_string, into.strategy);
  decode_backoff(from, into.restart.delays);
  decode_budget(from, into.restart.budget);
}

std::optional<requirement<std::string>> decode_requirement(const json::value& from, const std::string& path, problems& found) {
  constexpr std::string_view wanted = "it must be the name of a unit, or { unit = \"NAME\", on_loss = \"restart\" }";
  requirement<std::string> out;
  std::string at = path;
  if (const json::string* name = from.if_string()) {
    out.key = view(*name);
  } else if (const json::object* table = from.if_object()) {
    const table_reader reader(*table, path, found);
    reader.refuse_unknown_keys(requirement_keys);
    decode_word(reader, "on_loss", loss_values, on_loss_from_string, out.loss);
    if (reader.find("unit") == nullptr) reader.add("unit", "missing; it must be the name of a unit");
    const auto unit_name = reader.text("unit", "it must be the name of a unit");
    if (!unit_name) return std::nullopt;
    out.key = *unit_name;
    at = reader.path("unit");
  } else {
    found.add(path, fmt::format("{}; {}", kind_text(from), wanted));
    return std::nullopt;
  }
  if (is_unit_name(out.key)) return out;
  found.add(at, fmt::format("is {}; {}", in_quotes(out.key), unit_name_rule));
  return std::nullopt;
}

const group_policy* policy_of(const table_reader& from, const std::string& name, const group_policies& groups) {
  const auto known = groups.find(name);
  if (known != groups.end()) return &known->second;
  std::vector<std::string_view> names;
  for (const auto& [each, policy] : groups) names.push_back(each);
  const auto near = nearest(name, names);
  from.add("name", fmt::format("there is no group {}; {}", in_quotes(name),
                               near ? fmt::format("did you mean {}?", in_quotes(*near)) : fmt::format("write a [group.{}] into this file", name)));
  return nullptr;
}

}  // namespace

void decode_restart(const table_reader& from, restart_policy& into) {
  decode_word(from, "restart", restart_values, restart_from_string, into.when);
  decode_backoff(from, into.delays);
  decode_budget(from, into.budget);
}

void decode_requirements(const table_reader& from, std::vector<requirement<std::string>>& into) {
  const json::value* value = from.find("requires");
  if (value == nullptr) return;
  const json::array* items = value->if_array();
  if (items == nullptr)
    return from.add("requires", fmt::format("{}; it must be an array of unit names, or of tables such as {{ unit = \"db\", on_loss = \"restart\" }}",
                                            kind_text(*value)));
  for (std::size_t i = 0; i < items->size(); ++i) {
    const std::string path = item_path(from.path("requires"), i);
    const auto read = decode_requirement((*items)[i], path, from.found());
    if (!read) continue;
    if (std::ranges::find(into, read->key, &requirement<std::string>::key) != into.end())
      from.found().add(path, fmt::format("names {} twice", in_quotes(read->key)));
    else
      into.push_back(*read);
  }
}

void decode_group(const table_reader& from, const group_policies* groups, std::optional<unit_group>& into) {
  const json::object* table = from.table("group", "it must be a table, such as { name = \"site\", place = 1 }");
  if (table == nullptr) return;
  const std::string path = from.path("group");
  const table_reader reader(*table, path, from.found());
  for (const std::string_view key : group_keys)
    if (groups != nullptr && reader.find(key) != nullptr) reader.add(key, "belongs to the whole group; write it into its [group.NAME]");
  reader.refuse_unknown_keys(groups != nullptr ? std::span<const std::string_view>(place_keys) : whole_group_keys);
  unit_group& group = into.emplace();
  const auto place = reader.integer("place", 0, fmt::format("it must be an integer from 0 to {}", last_place), last_place);
  group.place = static_cast<std::uint32_t>(place.value_or(0));
  if (groups == nullptr) decode_group_policy(reader, group.policy);
  if (reader.find("name") == nullptr) return reader.add("name", "missing; it must be the name of a group");
  const auto name = reader.text("name", "it must be the name of a group");
  if (!name) return;
  group.name = *name;
  if (!is_unit_name(*name)) return reader.add("name", fmt::format("is {}; {}", in_quotes(*name), unit_name_rule));
  if (groups == nullptr) return;
  if (const group_policy* policy = policy_of(reader, *name, *groups)) group.policy = *policy;
}

group_policies decode_groups(const json::value& from, std::string_view path, problems& found) {
  group_policies out;
  const json::object* table = from.if_object();
  if (table == nullptr) {
    found.add(path, fmt::format("{}; it must be a table of groups", kind_text(from)));
    return out;
  }
  for (const auto& member : *table) {
    const std::string_view name = view(member.key());
    const std::string group_path = key_path(path, name);
    if (!is_unit_name(name)) found.add(group_path, fmt::format("not a name: {}", unit_name_rule));
    group_policy& policy = out[std::string(name)];
    const json::object* keys = member.value().if_object();
    if (keys == nullptr) {
      found.add(group_path, fmt::format("{}; it must be a table, such as {{ strategy = \"one_for_all\" }}", kind_text(member.value())));
      continue;
    }
    const table_reader reader(*keys, group_path, found);
    reader.refuse_unknown_keys(group_keys);
    decode_group_policy(reader, policy);
  }
  return out;
}

json::object backoff_to_json(const backoff& from) {
  return {{"initial", duration_text(from.initial)},
          {"max", duration_text(from.max)},
          {"factor", from.factor},
          {"jitter", from.jitter},
          {"reset_after", duration_text(from.reset_after)}};
}

json::object budget_to_json(const restart_budget& from) {
  return {{"restarts", from.restarts}, {"window", duration_text(from.window)}, {"then", std::string(to_string(from.then))}};
}

json::array requirements_to_json(const std::vector<requirement<std::string>>& from) {
  json::array out;
  for (const auto& each : from) out.push_back(json::object{{"unit", each.key}, {"on_loss", std::string(to_string(each.loss))}});
  return out;
}

json::object group_to_json(const unit_group& from) {
  const auto& budget = from.policy.restart.budget;
  return {{"name", from.name},
          {"place", from.place},
          {"strategy", std::string(to_string(from.policy.strategy))},
          {"backoff", backoff_to_json(from.policy.restart.delays)},
          {"budget", budget ? json::value(budget_to_json(*budget)) : json::value(nullptr)}};
}

}  // namespace steward
