// SPDX-License-Identifier: Apache-2.0
//
// What schedulers queue: intrusive items, so that posting one never allocates and never fails.
#pragma once

namespace steward {

class scheduler;

/// A function to be called once, later, by a scheduler. It is linked into the scheduler's queue by itself, so an item may be posted again only after
/// it has run.
///
/// Threads: an item belongs to whoever posted it until it runs, then to the function.
/// Lifetime: must outlive its run; the function may destroy it.
class work {
 public:
  using function = void (*)(work& self) noexcept;

  explicit work(function call) noexcept : call_(call) {}
  work(const work&) = delete;
  work& operator=(const work&) = delete;

  void operator()() noexcept { call_(*this); }

  work* next = nullptr;  ///< for the queue that holds the item

 protected:
  ~work() = default;

 private:
  function call_;
};

/// Something that waits to be resumed, on a scheduler of its own: each suspended coroutine is one.
class waiter : public work {
 public:
  waiter(function call, scheduler* on) noexcept : work(call), on(on) {}

  scheduler* on;  ///< where it resumes, whoever wakes it

 protected:
  ~waiter() = default;
};

/// An intrusive first-in, first-out queue of items. Not thread-safe.
class work_queue {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

  void push(work& item) noexcept {
    item.next = nullptr;
    *last_ = &item;
    last_ = &item.next;
  }

  /// Shape: the queue is not empty.
  [[nodiscard]] work& pop() noexcept {
    work& item = *first_;
    first_ = item.next;
    if (first_ == nullptr) last_ = &first_;
    return item;
  }

  /// Moves all items of `other` behind those here.
  void append(work_queue& other) noexcept {
    if (other.empty()) return;
    *last_ = other.first_;
    last_ = other.last_;
    other.first_ = nullptr;
    other.last_ = &other.first_;
  }

  work_queue() = default;
  work_queue(const work_queue&) = delete;
  work_queue& operator=(const work_queue&) = delete;

 private:
  work* first_ = nullptr;
  work** last_ = &first_;
};

}  // namespace steward
