// SPDX-License-Identifier: Apache-2.0
#include "unit_ends.hpp"

#include "steward/wait.hpp"
#include "unit_program.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace steward {

std::vector<spawner::held> ends_dealt_with(const keeper_spawner::left_programs& left, const std::function<row_past(const std::string& key)>& recall) {
  std::vector<spawner::held> found;
  for (auto at = left.begin(); at != left.end(); ++at) {
    const auto& [key, each] = *at;
    if (!each->is_gone()) continue;
    const auto next = std::next(at);
    const bool is_followed = next != left.end() && next->first == key;
    const row_past past = recall(key);
    const auto number = incarnation_of(each->what.note);
    const bool is_remembered = number && (past.incarnation > *number || (past.incarnation == *number && !is_alive(past.state)));
    if (is_followed || is_remembered) found.push_back(each);
  }
  return found;
}

task<> unit_ends::drop_known(context& ctx) {
  const auto known = ends_dealt_with(spawner_.unclaimed(), [this](const std::string& key) { return store_.memory().recall(key); });
  for (const spawner::held& each : known) co_await or_return(spawner_.end(ctx, each));
  co_return {};
}

void unit_ends::followed(const std::string& key) {
  if (const auto gone = undecided_.extract(key)) spawner_.forget(gone.mapped());
}

void unit_ends::decided(const std::string& key, row_state state) {
  const bool stays_down = is_settled(state) || state == row_state::stopped;
  if (!stays_down) return;  // of one that was over at once the end may be here before its start was told
  const auto gone = undecided_.extract(key);
  if (!gone) return;
  if (!is_settled(state)) return spawner_.forget(gone.mapped());
  settled_.push_back(gone.mapped());
  something_settled_.ring();
}

task<> unit_ends::keep_dropping(context& ctx) {
  for (;;) {
    co_await or_return(something_settled_.wait(ctx));
    for (bool dropped = false; !dropped;) {
      const auto outcome = co_await drop_settled(ctx);
      dropped = outcome.has_value();
      if (!dropped) co_await or_return(co_await ctx.sleep_for(between_attempts));
    }
  }
}

task<> unit_ends::drop_settled(context& ctx) {
  if (settled_.empty()) co_return {};
  auto told_till_then = std::exchange(settled_, {});
  auto written = co_await store_.memory().flush(ctx);
  if (written)
    for (const spawner::held& each : told_till_then) spawner_.forget(each);
  else
    std::ranges::move(told_till_then, std::back_inserter(settled_));
  co_return written;
}

}  // namespace steward
