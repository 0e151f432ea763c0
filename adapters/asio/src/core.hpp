// SPDX-License-Identifier: Apache-2.0
//
// The queue, the lanes and the timers of an asio_scheduler, apart from the kind of its executor.
#pragma once

#include "steward/asio/scheduler.hpp"
#include "steward/detail/spin_lock.hpp"
#include "steward/detail/timer_heap.hpp"

#include <atomic>
#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

namespace steward::detail {

class asio_core;

/// Room for one Asio handler, so that posting never allocates.
class handler_room {
 public:
  [[nodiscard]] void* take(std::size_t size) {
    if (size > sizeof(bytes_) || std::exchange(taken_, true)) return ::operator new(size);
    return bytes_;
  }
  void give_back(void* memory) noexcept {
    if (memory == bytes_)
      taken_ = false;
    else
      ::operator delete(memory);
  }

 private:
  alignas(std::max_align_t) std::byte bytes_[192];
  bool taken_ = false;
};

template <class T>
class room_allocator {
 public:
  using value_type = T;

  explicit room_allocator(handler_room& room) noexcept : room_(&room) {}
  template <class U>
  room_allocator(const room_allocator<U>& other) noexcept : room_(other.room_) {}  // NOLINT(google-explicit-constructor): as allocators do

  [[nodiscard]] T* allocate(std::size_t count) { return static_cast<T*>(room_->take(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t) noexcept { room_->give_back(memory); }

  friend bool operator==(const room_allocator&, const room_allocator&) = default;

 private:
  template <class>
  friend class room_allocator;

  handler_room* room_;
};

/// One of the places where items run. At rest, or on its way through Asio as a handler, or running.
struct lane {
  asio_core* core = nullptr;
  lane* next_resting = nullptr;
  handler_room room;
};

/// Keeps the core alive for a handler that Asio holds: the scheduler may go before the handler does.
class core_reference {
 public:
  explicit core_reference(asio_core& core) noexcept;
  core_reference(core_reference&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
  core_reference& operator=(core_reference&&) = delete;
  ~core_reference();

  [[nodiscard]] asio_core* operator->() const noexcept { return core_; }

 private:
  asio_core* core_;
};

/// How soon the lane is to run.
enum class launch : unsigned char {
  by_any_thread,      ///< by whichever thread is free
  after_this_handler  ///< this thread is about to leave an Asio handler, and goes on with it
};

/// Threads: two locks, never both. The spin lock guards the queue and the lanes, the mutex the timers.
class asio_core {
 public:
  asio_core(asio_scheduler& owner, unsigned lanes);
  asio_core(const asio_core&) = delete;
  asio_core& operator=(const asio_core&) = delete;

  void post(work& item) noexcept;
  void post_at(timer& item, instant at) noexcept;
  bool cancel(timer& item) noexcept;

  /// Called by the handlers.
  void run(lane& mine) noexcept;
  void alarm_rang() noexcept;

  /// The scheduler goes.
  void close() noexcept;

 protected:
  virtual ~asio_core() = default;

  virtual void start(lane& resting, launch how) noexcept = 0;
  virtual void set_alarm(instant at) noexcept = 0;
  virtual void stop_alarm() noexcept = 0;  // the alarm rings soon

  handler_room alarm_room_;

 private:
  friend class core_reference;
  struct runner;

  static thread_local constinit runner* current_;

  void share(work_queue& items) noexcept;
  [[nodiscard]] lane* lane_to_wake() noexcept;
  [[nodiscard]] work* first_item() noexcept;
  [[nodiscard]] work* next_item() noexcept;
  void alarm_no_later_than(instant at) noexcept;
  void rest_alarm() noexcept;
  void let_go() noexcept;

  std::atomic<unsigned> references_{1};
  asio_scheduler& owner_;
  const unsigned lane_count_;
  const std::unique_ptr<lane[]> lanes_;

  spin_lock lock_;
  work_queue shared_;
  lane* resting_ = nullptr;
  bool waking_ = false;  // a lane is on its way: one at a time, so that a burst of posts makes one wake-up

  std::mutex alarm_mutex_;
  timer_heap timers_;
  instant alarm_at_ = instant::max();
  bool alarm_set_ = false;
  std::atomic<bool> alarm_idle_{false};  // it waits for nothing; whoever ends a turn puts it to rest
};

inline core_reference::core_reference(asio_core& core) noexcept : core_(&core) { core.references_.fetch_add(1, std::memory_order_relaxed); }
inline core_reference::~core_reference() {
  if (core_ != nullptr) core_->let_go();
}

/// Set while an Asio handler that resumes coroutines is about to return, so that what it posts stays on its thread.
class leaving_handler {
 public:
  leaving_handler() noexcept : outer_(std::exchange(now_, true)) {}
  leaving_handler(const leaving_handler&) = delete;
  leaving_handler& operator=(const leaving_handler&) = delete;
  ~leaving_handler() { now_ = outer_; }

  [[nodiscard]] static bool now() noexcept { return now_; }

 private:
  static thread_local constinit inline bool now_ = false;

  bool outer_;
};

}  // namespace steward::detail
