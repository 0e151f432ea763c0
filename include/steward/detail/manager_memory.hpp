// SPDX-License-Identifier: Apache-2.0
//
// What a manager hands to its store, and takes back from it. Everything here runs on the manager's strand.
#pragma once

#include "steward/detail/contained.hpp"
#include "steward/manager.hpp"

#include <utility>

namespace steward {

template <class Key, class Value>
row_past manager<Key, Value>::recall(const Key& key) {
  if (options_.store == nullptr) return {};
  auto recalled = detail::contained([&] { return options_.store->recall(key); });
  if (recalled) return std::move(*recalled);
  report(&key, recalled.error());
  return {};
}

// The states in between are not worth it: whoever starts again after a crash begins with a start in any case.
template <class Key, class Value>
void manager<Key, Value>::remember(const entry& e) {
  if (e.state == row_state::starting || e.state == row_state::stopping) return;
  auto remembered = detail::contained([&] {
    row_past past;
    past.incarnation = e.incarnation;
    past.restarts = e.restarts;
    past.generation = e.generation;
    past.state = e.state;
    past.history = e.history;
    if (e.state == row_state::backoff) past.until = e.until;
    if (e.last) past.last = *e.last;
    options_.store->remember(e.key, past);
    return true;
  });
  if (!remembered) report(&e.key, remembered.error());
}

template <class Key, class Value>
void manager<Key, Value>::forget_past(const entry& e) {
  if (options_.store == nullptr) return;
  auto forgotten = detail::contained([&] {
    options_.store->forget(e.key);
    return true;
  });
  if (!forgotten) report(&e.key, forgotten.error());
}

// A restart that a budget counts is remembered for good before it is done. What cannot be remembered must not keep anything from running.
template <class Key, class Value>
task<> manager<Key, Value>::make_sure_of(entry& e) {
  if (!std::exchange(e.counted, false) || options_.store == nullptr) co_return {};
  auto flushing = options_.store->flush(*pass_ctx_);
  auto flushed = co_await std::move(flushing);
  if (!flushed && !ending_) report(&e.key, flushed.error());
  co_return {};
}

}  // namespace steward
