// SPDX-License-Identifier: Apache-2.0
#include "unit_ends.hpp"

#include "steward/wait.hpp"
#include "unit_program.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace steward {
namespace {

constexpr std::chrono::seconds between_attempts(1);

bool is_end_of(const held_program& which, std::uint64_t incarnation) {
  return which.what.state.phase == detail::held_phase::gone && incarnation_of(which.what.note) == incarnation;
}

}  // namespace

task<> unit_ends::drop_known(context& ctx) {
  const auto all = spawner_.unclaimed();
  for (const auto& [key, left] : all) {
    const row_past past = store_.memory().recall(key);
    if (is_settled(past.state) && is_end_of(*left, past.incarnation)) co_await or_return(spawner_.end(ctx, left));
  }
  co_return {};
}

void unit_ends::decided(const std::string& key, row_state state) {
  const bool ended = is_settled(state) || state == row_state::stopped || state == row_state::backoff;
  if (!ended) return;  // of one that was over at once the end may be here before its start was told
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
