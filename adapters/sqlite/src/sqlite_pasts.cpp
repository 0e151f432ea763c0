// SPDX-License-Identifier: Apache-2.0
#include "steward/sqlite/detail/sqlite_pasts.hpp"

#include "steward/chain.hpp"
#include "steward/deadline_context.hpp"
#include "steward/leaf.hpp"
#include "steward/or_return.hpp"
#include "steward/past_text.hpp"
#include "steward/row_state.hpp"

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace steward::detail {
namespace {

constexpr std::string_view past_name = "past";
constexpr std::string_view group_name = "group";

// Keys that start together change within milliseconds of each other; a flush for each would cost more than to start them.
constexpr std::chrono::milliseconds before_writing(100);

}  // namespace

task<> sqlite_pasts::run(context& ctx, callback ready) {
  const auto load_write = [this](context& inside, callback loaded) -> task<> {
    co_await or_return(load(inside));
    auto outcome = co_await loaded(inside);
    // Once more, when the writer has ended: what it had in hand when it was stopped it has given back.
    auto written = co_await flush(inside);
    co_return outcome ? written : outcome;
  };
  const auto writer = leaf([this](context& inside) { return keep_writing(inside); });
  const auto whole = chain(load_write, writer);
  co_return co_await whole.run(ctx, ready);
}

task<> sqlite_pasts::load(context& ctx) {
  const auto entries = co_await or_return(state_.scan(ctx));
  const std::lock_guard guard(mutex_);
  for (const state_entry& each : entries) {
    if (unwritten_.contains({each.key, each.name})) continue;  // of a run before this one, and newer
    if (each.name == past_name) {
      auto past = past_from_text(each.value, wall_ahead());
      if (past) pasts_.insert_or_assign(each.key, std::move(*past));
    } else if (each.name == group_name) {
      auto history = history_from_text(each.value, wall_ahead());
      if (history) groups_.insert_or_assign(each.key, std::move(*history));
    }
  }
  co_return {};
}

// A change is written a little later: what it sets off comes first, and others come with it.
task<> sqlite_pasts::keep_writing(context& ctx) {
  for (;;) {
    co_await or_return(something_to_write_.wait(ctx));
    deadline_context pause(ctx, before_writing);
    (void)co_await urgent_.wait(pause);
    if (auto why = ctx.stop_error()) co_return std::move(*why);
    // Counters are not worth ending anything for: what could not be written now is tried again with the next change, and in the end.
    (void)co_await flush(ctx);
  }
}

// An attempt that began after this call was for it too: many who find the file locked would else wait for it one after the other.
task<> sqlite_pasts::flush(context& ctx) {
  const std::uint64_t before = attempts_;
  co_await or_return(co_await one_write_.enter(ctx));
  if (attempts_ == before || (!written_ && written_.error().is_stop())) {
    ++attempts_;
    written_ = co_await write_down(ctx);
  }
  auto written = written_;
  one_write_.leave();
  co_return written;
}

task<> sqlite_pasts::write_down(context& ctx) {
  std::set<changed> batch;
  std::vector<state_entry> entries;
  std::vector<std::pair<std::string, std::string>> gone;
  {
    const std::lock_guard guard(mutex_);
    batch.swap(unwritten_);
    for (const changed& each : batch) {
      if (auto text = text_of(each))
        entries.push_back({each.first, std::string(each.second), std::move(*text)});
      else
        gone.emplace_back(each.first, each.second);
    }
  }
  result<> outcome;
  if (!entries.empty()) outcome = co_await state_.put(ctx, std::move(entries));
  if (outcome && !gone.empty()) outcome = co_await state_.forget(ctx, std::move(gone));
  if (!outcome) {
    const std::lock_guard guard(mutex_);
    unwritten_.merge(batch);
  }
  co_return outcome;
}

std::optional<std::string> sqlite_pasts::text_of(const changed& which) const {
  const auto& [key, name] = which;
  if (name == past_name) {
    const auto found = pasts_.find(key);
    return found == pasts_.end() ? std::nullopt : std::optional(past_to_text(found->second, wall_ahead()));
  }
  const auto found = groups_.find(key);
  return found == groups_.end() ? std::nullopt : std::optional(history_to_text(found->second, wall_ahead()));
}

row_past sqlite_pasts::recall(const std::string& key) const {
  const std::lock_guard guard(mutex_);
  const auto found = pasts_.find(key);
  return found == pasts_.end() ? row_past() : found->second;
}

void sqlite_pasts::remember(const std::string& key, const row_past& past) {
  {
    const std::lock_guard guard(mutex_);
    pasts_.insert_or_assign(key, past);
    unwritten_.emplace(key, past_name);
  }
  something_to_write_.ring();
  if (is_settled(past.state)) urgent_.ring();
}

void sqlite_pasts::forget(const std::string& key) {
  {
    const std::lock_guard guard(mutex_);
    pasts_.erase(key);
    unwritten_.emplace(key, past_name);
  }
  something_to_write_.ring();
}

restart_history sqlite_pasts::recall_group(const std::string& name) const {
  const std::lock_guard guard(mutex_);
  const auto found = groups_.find(name);
  return found == groups_.end() ? restart_history() : found->second;
}

void sqlite_pasts::remember_group(const std::string& name, const restart_history& history) {
  {
    const std::lock_guard guard(mutex_);
    if (history == restart_history())
      groups_.erase(name);
    else
      groups_.insert_or_assign(name, history);
    unwritten_.emplace(name, group_name);
  }
  something_to_write_.ring();
}

}  // namespace steward::detail
