// SPDX-License-Identifier: Apache-2.0
#include "steward/detail/hook.hpp"

#include <mutex>
#include <thread>

namespace steward::detail {

/// A call of a hook that is under way. Lives on the stack of the caller.
struct delivery {
  std::thread::id thread;
  bool withdrawn = false;  // from inside the call: the hook may be gone

  void call(domain& home, hook& item) noexcept {
    item.running_ = this;
    home.lock.unlock();
    item.call_(item);
    home.lock.lock();
    if (!withdrawn) item.running_ = nullptr;
  }
};

void hook_list::push(hook& item) noexcept {
  item.next_ = first_;
  item.link_ = &first_;
  if (first_ != nullptr) first_->link_ = &item.next_;
  first_ = &item;
}

void hook_list::take_all(hook_list& from) noexcept {
  if (from.empty()) return;
  if (empty()) {
    first_ = from.first_;
    first_->link_ = &first_;
    from.first_ = nullptr;
    return;
  }
  while (!from.empty()) {
    hook& item = *from.first_;
    remove(item);
    push(item);
  }
}

bool hook_list::remove(hook& item) noexcept {
  if (item.link_ == nullptr) return false;
  *item.link_ = item.next_;
  if (item.next_ != nullptr) item.next_->link_ = item.link_;
  item.link_ = nullptr;
  return true;
}

void hook_list::call_all(domain& home) noexcept {
  while (!empty()) {
    hook& item = *first_;
    remove(item);
    delivery{std::this_thread::get_id()}.call(home, item);
  }
}

void hook_list::withdraw(domain& home, hook& item) noexcept {
  std::unique_lock guard(home.lock);
  if (remove(item) || item.running_ == nullptr) return;
  if (item.running_->thread == std::this_thread::get_id()) {
    item.running_->withdrawn = true;
    item.running_ = nullptr;
    return;
  }
  while (item.running_ != nullptr) {
    guard.unlock();
    std::this_thread::yield();
    guard.lock();
  }
}

void domain::wait_for_pins(std::unique_lock<spin_lock>& held) const noexcept {
  while (pins != 0) {
    held.unlock();
    std::this_thread::yield();
    held.lock();
  }
}

}  // namespace steward::detail
