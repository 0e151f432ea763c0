// SPDX-License-Identifier: Apache-2.0
#include "unit_store.hpp"

#include "steward/chain.hpp"
#include "steward/start_stop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <variant>

namespace steward {
namespace {

known_units needs_in(const stored_units& present) {
  known_units known;
  for (const auto& [key, found] : present) known.emplace(key, found ? needs_of(*found->value) : std::vector<std::string>());
  return known;
}

known_groups groups_in(const stored_units& present) {
  known_groups known;
  for (const auto& [key, found] : present)
    if (found && found->value->group) known.emplace(key, *found->value->group);
  return known;
}

// Whether the given units can be applied over the present ones, here.
result<> check(const unit_map& given, const stored_units& present) {
  problems found;
  check_needs(given, needs_in(present), true, "units", found);
  check_groups(given, groups_in(present), "units", found);
  check_sizes(given, "units", found);
  check_deadlines(given, "units", found);
  const executable_lookup lookup{.look = look_on_disk, .search_path = own_search_path()};
  check_executables(given, lookup, "units", found);
  if (!found.empty()) return fail(found.to_error());
  return {};
}

}  // namespace

result<unit> unit_codec::decode(const stored_key& key, std::string_view stored) {
  const auto* const name = std::get_if<std::string>(&key);
  if (name == nullptr || !is_unit_name(*name)) return fail(error(errc::unreadable, fmt::format("its key is not a name: {}", unit_name_rule)));
  return unit_from_row(stored);
}

task<> unit_store::run(context& ctx, callback ready) {
  const auto open_close =
      start_stop([this](context& inside) { return database_.open(inside); }, [this](context& inside) { return database_.close(inside); });
  const auto whole = chain(open_close, std::ref(memory_));
  co_return co_await whole.run(ctx, ready);
}

task<stored_units> unit_store::stored(context& ctx) {
  stored_units all;
  auto rows = units_.iterate();
  while (co_await rows.next(ctx)) {
    auto& entry = **rows.get();
    all.emplace(std::move(entry.key), std::move(entry.content));
  }
  if (rows.err()) co_return *rows.err();
  co_return all;
}

task<known_units> unit_store::known(context& ctx) {
  const auto present = co_await or_return(stored(ctx));
  co_return needs_in(present);
}

// To decode a row takes far longer than to read it: only those with the name in them are.
task<unit_dependents> unit_store::dependents(context& ctx, std::string key) {
  const std::string name = '"' + key + '"';
  unit_dependents all;
  auto rows = texts_.iterate();
  while (co_await rows.next(ctx)) {
    const auto& entry = **rows.get();
    if (!entry.content || !entry.content->value->contains(name)) continue;
    const auto each = unit_from_row(*entry.content->value);
    if (!each) continue;
    const auto waited_for = needs_of(*each);
    const auto goes_down = [&key](const requirement<std::string>& one) { return one.key == key && one.loss != on_loss::ignore; };
    if (std::ranges::any_of(each->requirements, goes_down))
      all.require.push_back(entry.key);
    else if (std::ranges::find(waited_for, key) != waited_for.end())
      all.come_after.push_back(entry.key);
  }
  if (rows.err()) co_return *rows.err();
  co_return all;
}

task<apply_preview> unit_store::preview(context& ctx, unit_map given) {
  const auto present = co_await or_return(stored(ctx));
  if (auto usable = check(given, present); !usable) co_return std::move(usable.error());
  apply_preview seen;
  std::uint64_t newest = 0;
  for (const auto& [key, found] : present) {
    if (!found && !given.contains(key)) co_return found.error().prefixed(key + ": ");
    if (!found) continue;
    seen.rows.emplace(key, *found);
    newest = std::max(newest, found->generation);
  }
  for (auto& [key, what] : given) {
    const auto known = seen.rows.find(key);
    auto& list = known == seen.rows.end()       ? present.contains(key) ? seen.answer.changed : seen.answer.added
                 : *known->second.value == what ? seen.answer.unchanged
                                                : seen.answer.changed;
    list.push_back(key);
    if (&list == &seen.answer.unchanged) continue;
    auto& edited = seen.rows[key];
    edited.value = std::make_shared<const unit>(std::move(what));
    edited.generation = newest + 1;
  }
  co_return seen;
}

task<apply_answer> unit_store::apply(context& ctx, unit_map given) {
  co_await or_return(co_await one_apply_.enter(ctx));
  auto answer = co_await check_and_write(ctx, std::move(given));
  one_apply_.leave();
  co_return answer;
}

task<apply_answer> unit_store::check_and_write(context& ctx, unit_map given) {
  const auto present = co_await or_return(stored(ctx));
  if (auto usable = check(given, present); !usable) co_return std::move(usable.error());

  table_edit<std::string, unit> edit;
  std::vector<std::string> keys;
  for (auto& [key, what] : given) {
    keys.push_back(key);
    edit.put(key, std::move(what), std::nullopt);
  }
  auto outcomes = co_await or_return(units_.edit(ctx, std::move(edit)));
  apply_answer answer;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    auto& list = outcomes[i].what == row_change::added ? answer.added : outcomes[i].what == row_change::changed ? answer.changed : answer.unchanged;
    list.push_back(keys[i]);
  }
  co_return answer;
}

task<bool> unit_store::want(context& ctx, std::string key, wanted what, bool anew) {
  table_edit<std::string, unit> edit;
  if (anew) edit.set_wanted(key, what == wanted::up ? wanted::down : wanted::up);
  edit.set_wanted(std::move(key), what);
  const auto outcomes = co_await or_return(units_.edit(ctx, std::move(edit)));
  co_return std::ranges::any_of(outcomes, [](const edit_outcome& each) { return each.what != row_change::unchanged; });
}

task<bool> unit_store::remove(context& ctx, std::string key) {
  auto outcome = co_await or_return(units_.erase(ctx, std::move(key)));
  co_return outcome.what == row_change::removed;
}

}  // namespace steward
