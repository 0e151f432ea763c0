// SPDX-License-Identifier: Apache-2.0
//
// How a manager reads one row. Everything here runs on the manager's strand.
#pragma once

#include "steward/deadline_context.hpp"
#include "steward/manager.hpp"

#include <utility>

namespace steward {

// Reads a row, until nobody has come to know a newer one meanwhile: answers of a table may overtake one another.
template <class Key, class Value>
task<row<Value>> manager<Key, Value>::read(context& ctx, const Key& key) {
  const auto noticed = [this, &key] {
    const entry* const e = entries_.find(key);
    return e != nullptr ? e->noticed : 0;
  };
  for (;;) {
    const std::uint64_t before = noticed();
    result<row<Value>> found = fail(errc::unreadable);
    {
      deadline_context in_time(ctx, deadline_after(strand_->now(), options_.read_limit));
      found = co_await table_.get(in_time, key);
    }
    const std::uint64_t now = noticed();
    const bool overtaken = now != before && (found ? found->generation < now || now == 0 : found.error().is(errc::not_found));
    if (!overtaken || detail::planted(detail::bug::late_is_truth) || ctx.is_stopped()) co_return found;
  }
}

// The same, for no caller who would receive the error.
template <class Key, class Value>
task<row<Value>> manager<Key, Value>::read_or_tell(context& ctx, const Key& key) {
  auto found = co_await read(ctx, key);
  if (!found && !found.error().is(errc::not_found) && !ctx.is_stopped())
    report(detail::planted(detail::bug::key_forgotten) ? nullptr : &key, found.error());
  co_return found;
}

// The row leads, so it is read again before every automatic start (M8). Where it cannot be read, what was known of it last is good enough: a table
// that fails must not keep anything from running.
template <class Key, class Value>
task<> manager<Key, Value>::reread_row(entry& e) {
  context reading(*pass_ctx_);
  e.reading = &reading;
  auto found = co_await read_or_tell(reading, e.key);
  e.reading = nullptr;
  if (e.follows != sequel::by_policy) co_return {};
  const bool deleted = !found && found.error().is(errc::not_found);
  const bool unwanted = found && found->wanted == wanted::down;
  if (deleted) e.erase = true;
  if (unwanted) detail::mark(e, &entry::unwanted, true);
  if (deleted || unwanted) detail::mark(e, &entry::follows, sequel::stopped);
  if (found) take_row(e, std::move(*found));
  co_return {};
}

}  // namespace steward
