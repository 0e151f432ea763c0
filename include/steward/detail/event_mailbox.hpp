// SPDX-License-Identifier: Apache-2.0
//
// What a stream of events and its subscriptions share, as far as it does not depend on what an event is.
#pragma once

#include "steward/context.hpp"
#include "steward/detail/spin_lock.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace steward::detail {

class event_mailbox;

/// The mailboxes of one stream. Held by the stream and by each mailbox: whichever goes last takes it along.
/// Why one lock for all: a publisher takes it once, however many listen, and a subscriber holds it for the move of one event. Rings without a lock
/// cost as much (an exchange to take the oldest away from a reader, a fence to see who waits), and could not always drop the oldest.
struct event_hub {
  spin_lock lock;
  std::atomic<bool> listened{false};  ///< there is a mailbox: for publishers, who ask without the lock
  bool ended = false;                 ///< the stream is gone
  event_mailbox* first = nullptr;
};

/// Where what was published waits for one subscriber, and the subscriber for what is published.
///
/// Threads: all that is here is guarded by the hub's lock; `join` and `leave` take it.
class event_mailbox {
 public:
  event_mailbox(const event_mailbox&) = delete;
  event_mailbox& operator=(const event_mailbox&) = delete;

  [[nodiscard]] event_hub& hub() const noexcept { return *hub_; }
  [[nodiscard]] event_mailbox* following() const noexcept { return next_; }

  /// Whether there is an event to take, or the end to be told.
  [[nodiscard]] bool has_news() const noexcept { return held_ > 0 || hub_->ended; }

  /// If there is news, moves whoever waits for it to those who are woken when the lock has been let go.
  void release(work_queue& woken) noexcept {
    if (waiting_ != nullptr && has_news()) woken.push(*std::exchange(waiting_, nullptr));
  }

 protected:
  explicit event_mailbox(std::shared_ptr<event_hub> hub) noexcept : hub_(std::move(hub)) {}
  ~event_mailbox() = default;

  /// The last thing that a constructor does, and the first of the destructor: a publisher on another thread may look in between, and only then.
  void join() noexcept;
  void leave() noexcept;

  std::uint64_t published_ = 0;  // since it joined
  std::uint64_t told_ = 0;       // of these: given to the subscriber, or told as lost
  std::size_t held_ = 0;

 private:
  friend class event_wait;

  std::shared_ptr<event_hub> hub_;
  event_mailbox* next_ = nullptr;
  event_mailbox** link_ = nullptr;  // what points here
  waiter* waiting_ = nullptr;
};

/// Wakes those who were released.  Threads: without the hub's lock.
inline void wake_all(work_queue& released) noexcept {
  while (!released.empty()) wake(static_cast<waiter&>(released.pop()));
}

/// A wait for news in a mailbox, until its context stops. A stopped context comes first: whoever asks in a loop ends, however much there is to take.
class event_wait : private hook {
 public:
  /// Shape: no mailbox is one that has news for ever.
  event_wait(event_mailbox* on, context& ctx) noexcept : hook(&context_stopped), mailbox_(on), context_(&ctx) {}

  /// Whether there is nothing to wait for.
  [[nodiscard]] bool over() const noexcept;

  /// False: there is nothing to wait for.
  [[nodiscard]] bool begin(waiter& who) noexcept;

  /// The stop's error, if that came first.
  [[nodiscard]] std::optional<error> end() noexcept;

 private:
  static void context_stopped(hook& self) noexcept;

  event_mailbox* mailbox_;
  context* context_;
  bool added_ = false;  // registered with the context
};

}  // namespace steward::detail
