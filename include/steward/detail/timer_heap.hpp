// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/scheduler.hpp"

#include <utility>

namespace steward::detail {

/// The pending timers of a scheduler, the earliest first: a pairing heap that runs through the timers themselves, so adding one never allocates.
/// Of two at the same instant the order is open. Not thread-safe.
/// Cost: adding and looking are constant, removing is logarithmic, amortised.
/// Source: Fredman, Sedgewick, Sleator, Tarjan, "The pairing heap", 1986.
class timer_heap {
 public:
  [[nodiscard]] timer* earliest() const noexcept { return root_; }

  void add(timer& item) noexcept {
    item.child = item.sibling = item.previous = nullptr;
    item.pending = true;
    root_ = root_ == nullptr ? &item : meld(root_, &item);
  }

  /// False: it was not pending.
  bool remove(timer& item) noexcept {
    if (!item.pending) return false;
    item.pending = false;
    if (&item == root_) {
      root_ = merge_pairs(item.child);
    } else {
      cut(item);
      if (timer* orphans = merge_pairs(item.child)) root_ = meld(root_, orphans);
    }
    return true;
  }

 private:
  // `previous` is the parent of a first child, and the left sibling of any other.
  static timer* meld(timer* a, timer* b) noexcept {
    if (b->at < a->at) std::swap(a, b);
    b->sibling = a->child;
    if (a->child != nullptr) a->child->previous = b;
    b->previous = a;
    a->child = b;
    a->sibling = nullptr;
    return a;
  }

  static void cut(timer& item) noexcept {
    if (item.previous->child == &item)
      item.previous->child = item.sibling;
    else
      item.previous->sibling = item.sibling;
    if (item.sibling != nullptr) item.sibling->previous = item.previous;
  }

  // Left to right in pairs, then right to left into one; the pairs are kept on a list through `sibling`.
  static timer* merge_pairs(timer* first) noexcept {
    timer* pairs = nullptr;
    while (first != nullptr) {
      timer* a = first;
      timer* b = a->sibling;
      first = b != nullptr ? b->sibling : nullptr;
      a->sibling = nullptr;
      if (b != nullptr) b->sibling = nullptr;
      timer* pair = b != nullptr ? meld(a, b) : a;
      pair->sibling = pairs;
      pairs = pair;
    }
    timer* whole = nullptr;
    while (pairs != nullptr) {
      timer* next = pairs->sibling;
      pairs->sibling = nullptr;
      whole = whole == nullptr ? pairs : meld(whole, pairs);
      pairs = next;
    }
    if (whole != nullptr) whole->previous = nullptr;
    return whole;
  }

  timer* root_ = nullptr;
};

}  // namespace steward::detail
