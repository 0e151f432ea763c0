// SPDX-License-Identifier: Apache-2.0
//
// What a former daemon has left running, and what becomes of it where nobody goes on with it.
#include "fleet.hpp"
#include "steward/deadline_context.hpp"
#include "steward/named.hpp"
#include "unit_program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <utility>

namespace steward {

// Which of the programs that a former daemon left no row wants any more, and which are not what their row is now. A table that cannot be read ends
// nothing, and tells nothing of the rows that came before the error: they may be edited before it can.
task<> fleet::compare_what_was_left(context& ctx) {
  std::map<std::string, std::string, std::less<>> left;
  for (const auto& [key, each] : spawner_.unclaimed()) left.emplace(key, each->what.note);
  if (left.empty()) co_return {};
  comparison found;
  for (const auto& [key, note] : left) found.unwanted.insert(key);
  auto rows = store_.rows().iterate();
  while (co_await rows.next(ctx)) {
    const auto& entry = **rows.get();
    if (!entry.content || entry.content->wanted == wanted::up) found.unwanted.erase(entry.key);
    const auto known = left.find(entry.key);
    if (known == left.end()) continue;
    count_in(entry.key, known->second);
    if (!entry.content) continue;
    const bool is_same = same_definition(note_of(*entry.content->value, 1), known->second);
    (is_same ? found.same : found.other).insert(entry.key);
  }
  if (rows.err()) co_return *rows.err();
  left_ = std::move(found);
  co_return {};
}

// What lives was perhaps not written down before the daemon was killed, and is not there any more to be counted when it was ended.
void fleet::count_in(const std::string& key, std::string_view note) {
  const auto incarnation = incarnation_of(note);
  row_past past = store_.memory().recall(key);
  if (!incarnation || *incarnation <= past.incarnation) return;
  past.incarnation = *incarnation;
  past.state = row_state::running;
  past.since = {};  // nobody knows whether it was ready
  store_.memory().remember(key, past);
}

// What no keeper holds or is not what its row is now, whatever becomes of its unit, and what the table no longer wants: all at once. Before the table
// could be read that is left alone, unless the daemon ends: then nothing is left to the next one that it could not go on with.
task<> fleet::end_left(context& ctx, context& while_it_runs, task_scope& beside, bool compared) {
  while (!compared) {
    auto slept = co_await while_it_runs.sleep_for(between_attempts);
    if (!slept) break;
    auto again = co_await compare_what_was_left(while_it_runs);
    compared = again.has_value();
  }
  const auto all = spawner_.unclaimed();
  for (const auto& [key, left] : all)
    if (!can_go_on(*left)) beside.start(end_one(ctx, left));
  co_return {};
}

// By name, so that a daemon that has to leave it behind can say so.
task<> fleet::end_one(context& ctx, spawner::held left) {
  if (left->claimed) co_return {};
  const auto ending = named(left->what.key, [this, &left](context& inside, callback) { return spawner_.end(inside, left); });
  const auto nobody = [](context&) -> task<> { co_return {}; };
  (void)co_await ending.run(ctx, nobody);
  note_end_of(*left, ctx.now());
  ring_all();
  co_return {};
}

program_options fleet::end_of_left(const std::string& key, std::string_view note) {
  program_options how;
  how.key = key;
  how.stop = [asked = farewell_in(note)](const std::string&) { return asked; };
  how.log.file = log_of(key);
  how.on_log = [this](const std::string& of, std::error_code why) { note_log(of, why); };
  return how;
}

// It is the last exit of its unit, unless another incarnation has ended since.
void fleet::note_end_of(const held_program& left, instant now) {
  const std::string& key = left.what.key;
  row_past past = store_.memory().recall(key);
  if (!left.is_gone() || past.incarnation != incarnation_of(left.what.note)) return;
  const auto instant_of = [now, at = wall_now()](std::int64_t wall) { return now - (at - wall_time(std::chrono::milliseconds(wall))); };
  exit ended;
  ended.reason = left.killed ? exit_reason::forced : exit_reason::stopped;
  if (left.killed) ended.signal = SIGKILL;
  if (left.what.started_at != 0) ended.started_at = instant_of(left.what.started_at);
  ended.ended_at = instant_of(left.what.state.ended_at);
  ends_of_left_.insert_or_assign(key, ended);
  past.last = std::move(ended);
  store_.memory().remember(key, past);
}

const exit* fleet::last_of(const std::string& key, const std::optional<exit>& known) const {
  const auto left = ends_of_left_.find(key);
  if (left == ends_of_left_.end() || (known && known->ended_at > left->second.ended_at)) return known ? &*known : nullptr;
  return &left->second;
}

// Under the daemon's context and not the request's, as the stop. It may be for ever that one which was killed is not gone.
task<> fleet::end_left_of(context& ctx, std::string key) {
  instant latest = ctx.now();
  const auto [first, last] = spawner_.unclaimed().equal_range(key);
  for (auto left = first; left != last; ++left) {
    if (left->second->is_gone()) continue;
    if (beside_ == nullptr || !beside_->start(end_one(*running_, left->second))) co_return errc::manager_not_running;
    latest = std::max(latest, later(left->second->ending_since.value_or(ctx.now()), longest_end_in(left->second->what.note)));
  }
  deadline_context in_time(ctx, latest);
  auto waiting = wait_while(in_time, [this, key] { return is_left(key); });
  auto waited = co_await std::move(waiting);
  if (waited || ctx.is_stopped()) co_return waited;
  co_return error(std::make_error_code(std::errc::device_or_resource_busy),
                  fmt::format("{}: {}; when it is gone, it stays down", key, what_becomes_of_left(key).value_or("it is not gone")));
}

bool fleet::is_left(const std::string& key) const {
  const auto [first, last] = spawner_.unclaimed().equal_range(key);
  return std::any_of(first, last, [](const auto& each) { return !each.second->is_gone(); });
}

std::optional<std::string> fleet::what_becomes_of_left(const std::string& key) const {
  const auto [first, last] = spawner_.unclaimed().equal_range(key);
  const auto left = std::find_if(first, last, [](const auto& each) { return each.second->ending_since.has_value(); });
  if (left == last) return std::nullopt;
  const char* const how = left->second->killed ? "was killed and is not gone" : "is being ended";
  return fmt::format("process {}, which a former daemon left, {}", left->second->what.pid, how);
}

std::chrono::nanoseconds fleet::time_to_stop() const {
  auto longest = longest_stop(living_);
  for (const auto& [key, left] : spawner_.unclaimed())
    if (left->ending_since || !left->can_be_gone_on_with()) longest = std::max(longest, farewell_in(left->what.note).deadline);
  return longest;
}

}  // namespace steward
