// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

namespace steward::detail {

template <class Entry>
class entry_queue;

/// Why an entry is held back, and where it stands meanwhile.
template <class Entry, class Key>
struct entry_wait {
  const std::vector<Key> needs;  // these must be running first
  entry_queue<Entry>* queue = nullptr;
  Entry* ahead = nullptr;
  Entry* behind = nullptr;
};

/// Entries that are held back, in order of arrival. The queue runs through the entries: each is in one at most, and may leave it from anywhere.
template <class Entry>
class entry_queue {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] Entry& first() const noexcept { return *first_; }

  void push(Entry& e) noexcept {
    e.wait->queue = this;
    e.wait->ahead = last_;
    e.wait->behind = nullptr;
    (last_ != nullptr ? last_->wait->behind : first_) = &e;
    last_ = &e;
  }

  /// Takes an entry out of the queue that it is in, if it is in one.
  static void remove(Entry& e) noexcept {
    entry_queue* const from = e.wait ? std::exchange(e.wait->queue, nullptr) : nullptr;
    if (from == nullptr) return;
    Entry* const ahead = e.wait->ahead;
    Entry* const behind = e.wait->behind;
    (ahead != nullptr ? ahead->wait->behind : from->first_) = behind;
    (behind != nullptr ? behind->wait->ahead : from->last_) = ahead;
  }

 private:
  Entry* first_ = nullptr;
  Entry* last_ = nullptr;
};

}  // namespace steward::detail
