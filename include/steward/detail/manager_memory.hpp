// SPDX-License-Identifier: Apache-2.0
//
// What a manager hands to its store, and takes back from it. Everything here runs on the manager's strand.
#pragma once

#include "steward/deadline_context.hpp"
#include "steward/detail/contained.hpp"
#include "steward/detail/entry_queue.hpp"
#include "steward/manager.hpp"

#include <utility>

namespace steward {

// What the store answers; nothing where there is none, and where it throws.
template <class Key, class Value>
template <class F>
auto manager<Key, Value>::ask_store(const Key* key, F&& ask) -> std::invoke_result_t<F&, state_store<Key>&> {
  if (options_.store == nullptr) return {};
  auto answer = detail::contained([&] { return ask(*options_.store); });
  if (answer) return std::move(*answer);
  report(key, answer.error());
  return {};
}

template <class Key, class Value>
void manager<Key, Value>::remember(const entry& e, row_state as) {
  (void)ask_store(&e.key, [&e, as](state_store<Key>& store) {
    row_past past;
    past.incarnation = e.incarnation - (e.has_number ? 1 : 0);
    past.restarts = e.restarts;
    past.generation = e.generation;
    const bool is_to_be_asked = e.inherited != sequel::by_policy;  // again: a crash until then changes nothing
    past.state = is_to_be_asked ? row_state::stopping : as;
    past.parked = e.parked || e.inherited == sequel::stopped;
    past.since = e.since;
    past.history = e.history;
    if (as == row_state::backoff) past.until = e.until;
    if (e.last) past.last = *e.last;
    store.remember(e.key, past);
    return true;
  });
}

template <class Key, class Value>
void manager<Key, Value>::remember_group(const entry_group& group) {
  (void)ask_store(nullptr, [&group](state_store<Key>& store) {
    store.remember_group(group.name, group.history);
    return true;
  });
}

// A restart that a budget counts is remembered for good before it is done, and takes no place until then.
template <class Key, class Value>
void manager<Key, Value>::launch_when_sure(entry& e) {
  if (e.makes_sure) return;
  detail::mark(e, &entry::makes_sure, true);
  detail::entry_queue<entry>::remove(e);
  occupy(e);
  if (make_sure_of(e).start(*strand_)) return;
  detail::mark(e, &entry::makes_sure, false);
  e.counted = false;
  launch(e);
  leave(e);
}

// What cannot be remembered, or not in time, must not keep anything from running. Whatever changes its state meanwhile says what becomes of it.
template <class Key, class Value>
detail::detached manager<Key, Value>::make_sure_of(entry& e) {
  if (e.makes_sure && e.reading == nullptr) {  // and no other does
    deadline_context in_time(*pass_ctx_, deadline_after(strand_->now(), options_.read_limit));
    e.reading = &in_time;
    result<> flushed;
    if (auto flushing = detail::contained([&] { return options_.store->flush(in_time); }))
      flushed = co_await std::move(*flushing);
    else
      flushed = fail(std::move(flushing.error()));
    if (e.reading == &in_time) {
      e.reading = nullptr;
      if (!flushed && !pass_ctx_->is_stopped()) report(&e.key, flushed.error());
      detail::mark(e, &entry::makes_sure, false);
      e.counted = false;
      launch(e);
    }
  }
  leave(e);
}

}  // namespace steward
