// SPDX-License-Identifier: Apache-2.0
#include "steward/testing/virtual_scheduler.hpp"

#include "steward/misuse.hpp"

namespace steward::testing {
namespace {

constexpr char kind[] = "virtual scheduler";

// Ordinary tests never need more room, so that posting does not allocate where a test makes allocations fail.
constexpr std::size_t usual_room = 1024;

}  // namespace

virtual_scheduler::virtual_scheduler(std::uint64_t seed) : own_(seed != 0 ? std::make_unique<seeded_choices>(seed) : nullptr), source_(own_.get()) {
  ready_.reserve(usual_room);
}

virtual_scheduler::virtual_scheduler(choices& source) : source_(&source) { ready_.reserve(usual_room); }

virtual_scheduler::~virtual_scheduler() {
  if (leftovers() != 0) report_misuse(kind, "", "destroyed with work in it");
}

work& virtual_scheduler::take() {
  const std::size_t waiting = ready_.size() - first_;
  if (source_ != nullptr && waiting > 1) std::swap(ready_[first_], ready_[first_ + source_->choose(waiting)]);
  work& item = *ready_[first_++];
  if (first_ == ready_.size()) {
    ready_.clear();
    first_ = 0;
  } else if (first_ >= usual_room && first_ * 2 > ready_.size()) {
    ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
  return item;
}

bool virtual_scheduler::run_one() {
  if (first_ == ready_.size()) return false;
  look_for_livelock();
  work& item = take();
  // Without the trampoline every transfer is a post, and thereby one more place where something else may come first.
  if (source_ == nullptr)
    execute(item);
  else
    item();
  return true;
}

std::size_t virtual_scheduler::run_until_idle() {
  std::size_t count = 0;
  while (run_one()) ++count;
  return count;
}

std::optional<instant> virtual_scheduler::next_timer() const noexcept {
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->first.first;
}

bool virtual_scheduler::move_to_next_timer() {
  if (timers_.empty()) return false;
  if (now_ < *next_timer()) {
    now_ = *next_timer();
    ran_at_this_instant_ = 0;
  }
  ring_those_due();
  return true;
}

void virtual_scheduler::jump(std::chrono::nanoseconds duration) {
  now_ += duration;
  ran_at_this_instant_ = 0;
  ring_those_due();
}

void virtual_scheduler::ring_those_due() {
  while (!timers_.empty() && *next_timer() <= now_) {
    timer& due = *timers_.begin()->second;
    timers_.erase(timers_.begin());
    places_.erase(&due);
    due.pending = false;
    ready_.push_back(&due);
  }
}

void virtual_scheduler::advance(std::chrono::nanoseconds duration) {
  const instant end = now_ + duration;
  run_until_idle();
  while (!timers_.empty() && *next_timer() <= end) {
    move_to_next_timer();
    run_until_idle();
  }
  now_ = end;
}

void virtual_scheduler::run() {
  do run_until_idle();
  while (move_to_next_timer());
}

void virtual_scheduler::look_for_livelock() {
  constexpr std::size_t too_many = 50'000'000;
  if (++ran_at_this_instant_ == too_many) report_misuse(kind, "", "ran 50,000,000 items at one instant: something posts itself for ever");
}

void virtual_scheduler::look_at_thread() const noexcept {
  if (std::this_thread::get_id() != thread_) report_misuse(kind, "", "was given work by another thread: virtual time has only one");
}

void virtual_scheduler::post(work& item) noexcept {
  look_at_thread();
  ready_.push_back(&item);
}

void virtual_scheduler::post_at(timer& item, instant at) noexcept {
  look_at_thread();
  item.at = at;
  if (at <= now_) {
    ready_.push_back(&item);
    return;
  }
  const place where(at, posted_timers_++);
  item.pending = true;
  timers_.emplace(where, &item);
  places_.emplace(&item, where);
}

bool virtual_scheduler::cancel(timer& item) noexcept {
  look_at_thread();
  const auto found = places_.find(&item);
  if (found == places_.end()) return false;
  timers_.erase(found->second);
  places_.erase(found);
  item.pending = false;
  return true;
}

}  // namespace steward::testing
