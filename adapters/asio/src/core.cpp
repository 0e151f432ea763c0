// SPDX-License-Identifier: Apache-2.0
#include "core.hpp"

#include "steward/misuse.hpp"

namespace steward::detail {
namespace {

// How many items a lane runs before Asio's other handlers, and the items of other lanes, get their turn.
constexpr int items_in_a_turn = 64;

}  // namespace

/// What a thread has while it runs items: those that wait for this very thread.
struct asio_core::runner {
  asio_core* of;
  work_queue own;
};

thread_local constinit asio_core::runner* asio_core::current_ = nullptr;

asio_core::asio_core(asio_scheduler& owner, unsigned lanes)
    : owner_(owner), lane_count_(lanes == 0 ? 1 : lanes), lanes_(std::make_unique<lane[]>(lane_count_)) {
  for (unsigned i = 0; i < lane_count_; ++i) {
    lanes_[i].core = this;
    lanes_[i].next_resting = std::exchange(resting_, &lanes_[i]);
  }
}

void asio_core::let_go() noexcept {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

void asio_core::close() noexcept {
  bool busy = false;
  {
    const std::lock_guard guard(lock_);
    busy = !shared_.empty();
  }
  {
    const std::lock_guard guard(alarm_mutex_);
    busy = busy || timers_.earliest() != nullptr;
    if (alarm_set_) stop_alarm();
  }
  if (busy) report_misuse("asio scheduler", "", "destroyed with work in it");
  let_go();
}

void asio_core::post(work& item) noexcept {
  runner* const here = current_;
  if (here != nullptr && here->of == this && (lane_count_ == 1 || here->own.empty())) {
    here->own.push(item);
    return;
  }
  lane* woken = nullptr;
  {
    const std::lock_guard guard(lock_);
    shared_.push(item);
    woken = lane_to_wake();
  }
  if (woken != nullptr) start(*woken, leaving_handler::now() ? launch::after_this_handler : launch::by_any_thread);
}

// With the lock held.
lane* asio_core::lane_to_wake() noexcept {
  if (waking_ || resting_ == nullptr || shared_.empty()) return nullptr;
  waking_ = true;
  return std::exchange(resting_, resting_->next_resting);
}

// A lane that was woken finds out whether there is enough for one more.
work* asio_core::first_item() noexcept {
  work* item = nullptr;
  lane* woken = nullptr;
  {
    const std::lock_guard guard(lock_);
    waking_ = false;
    if (!shared_.empty()) item = &shared_.pop();
    woken = lane_to_wake();
  }
  if (woken != nullptr) start(*woken, launch::by_any_thread);
  return item;
}

work* asio_core::next_item() noexcept {
  const std::lock_guard guard(lock_);
  return shared_.empty() ? nullptr : &shared_.pop();
}

// Nothing of the scheduler is touched after the last item: it may be what its destructor was waiting for.
void asio_core::run(lane& mine) noexcept {
  runner here{this, {}};
  runner* const outer = std::exchange(current_, &here);
  work* item = first_item();
  for (int i = 0; item != nullptr; item = here.own.empty() ? next_item() : &here.own.pop()) {
    owner_.execute(*item);
    if (++i == items_in_a_turn) break;
  }
  current_ = outer;
  if (alarm_idle_.load(std::memory_order_relaxed)) rest_alarm();
  {
    const std::lock_guard guard(lock_);
    shared_.append(here.own);
    if (shared_.empty()) {
      mine.next_resting = std::exchange(resting_, &mine);
      return;
    }
  }
  start(mine, launch::after_this_handler);
}

void asio_core::post_at(timer& item, instant at) noexcept {
  item.at = at;
  const std::lock_guard guard(alarm_mutex_);
  timers_.add(item);
  alarm_no_later_than(at);
}

bool asio_core::cancel(timer& item) noexcept {
  const std::lock_guard guard(alarm_mutex_);
  if (!timers_.remove(item)) return false;
  if (timers_.earliest() == nullptr && alarm_set_) {
    // A run that sets and cancels one timer after the other leaves the alarm alone, and its turn's end puts it to rest.
    if (current_ != nullptr && current_->of == this)
      alarm_idle_.store(true, std::memory_order_relaxed);
    else
      stop_alarm();
  }
  return true;
}

// An alarm that rings too early is no harm: it is set again. One that rings at once is how a set alarm is moved forward.
void asio_core::alarm_no_later_than(instant at) noexcept {
  if (!alarm_set_) {
    alarm_set_ = true;
    alarm_at_ = at;
    set_alarm(at);
  } else if (at < alarm_at_) {
    alarm_at_ = instant::min();
    stop_alarm();
  }
}

void asio_core::rest_alarm() noexcept {
  const std::lock_guard guard(alarm_mutex_);
  alarm_idle_.store(false, std::memory_order_relaxed);
  if (alarm_set_ && timers_.earliest() == nullptr) stop_alarm();
}

void asio_core::alarm_rang() noexcept {
  work_queue due;
  {
    const std::lock_guard guard(alarm_mutex_);
    alarm_set_ = false;
    alarm_at_ = instant::max();
    if (timers_.earliest() == nullptr) return;
    const instant time = std::chrono::steady_clock::now();
    while (timer* first = timers_.earliest()) {
      if (first->at > time) {
        alarm_no_later_than(first->at);
        break;
      }
      timers_.remove(*first);
      due.push(*first);
    }
  }
  if (!due.empty()) share(due);
}

void asio_core::share(work_queue& items) noexcept {
  lane* woken = nullptr;
  {
    const std::lock_guard guard(lock_);
    shared_.append(items);
    woken = lane_to_wake();
  }
  if (woken != nullptr) start(*woken, launch::after_this_handler);
}

}  // namespace steward::detail
