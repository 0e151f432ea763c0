// SPDX-License-Identifier: Apache-2.0
//
// Hints of the table: which rows to look at before the next pass does.
#pragma once

#include "steward/manager.hpp"

#include <utility>

namespace steward {

namespace detail {

// More than these at a time are looked at by a pass, which reads them in pages.
inline constexpr std::size_t most_hints = 1024;

}  // namespace detail

// From any thread.
template <class Key, class Value>
void manager<Key, Value>::take_hint(const Key* key) noexcept {
  const std::lock_guard guard(lock_);
  if (!accepting_) return;
  try {
    if (key == nullptr || hints_.keys.size() >= detail::most_hints)
      hints_.all = true;
    else
      hints_.keys.push_back(*key);
  } catch (...) {
    hints_.all = true;
  }
  if (hints_.all) return post_look();
  if (!std::exchange(hints_.posted, true)) strand_->post(follow_);
}

// On the strand.
template <class Key, class Value>
void manager<Key, Value>::take_hints_up() noexcept {
  {
    const std::lock_guard guard(lock_);
    hints_.posted = false;  // not before: an item is in one queue at a time
  }
  if (!std::exchange(following_, true) && !follow_hints().start(*strand_)) {
    following_ = false;
    reconcile_now();  // a pass finds what the hints are about
  }
  check_idle();
}

template <class Key, class Value>
detail::detached manager<Key, Value>::follow_hints() {
  for (;;) {
    std::vector<Key> keys;
    {
      const std::lock_guard guard(lock_);
      keys.swap(hints_.keys);
    }
    if (keys.empty() || ending_) break;
    for (const Key& key : keys) {
      if (passing_) hinted_in_pass_.push_back(key);
      (void)co_await look_at(*pass_ctx_, key);
      if (ending_) break;
    }
  }
  following_ = false;
  check_idle();
}

// Looks at one row, whatever has become of it, and tells if it cannot be read.
template <class Key, class Value>
task<> manager<Key, Value>::look_at(context& pass, const Key& key) {
  auto found = co_await read_or_tell(pass, key);
  if (ending_) co_return {};
  if (found) {
    apply_row(obtain(key), std::move(*found));
    co_return {};
  }
  if (!found.error().is(errc::not_found) && !detail::planted(detail::bug::hint_is_truth)) co_return found.error();
  if (entry* const e = entries_.find(key)) {
    e->noticed = 0;
    e->erase = true;
    wind_down(*e, sequel::stopped);
  }
  co_return {};
}

// One that cannot be read does not keep the others.
template <class Key, class Value>
task<> manager<Key, Value>::look_at_each(context& pass, std::vector<Key> keys) {
  result<> all;
  for (const Key& key : keys) {
    auto looked = co_await look_at(pass, key);
    if (!looked) all = std::move(looked);
    if (pass.is_stopped()) break;
  }
  co_return all;
}

}  // namespace steward
