// SPDX-License-Identifier: Apache-2.0
//
// Events for whoever wants to follow them, without the one that tells them ever waiting for the ones that listen.
#pragma once

#include "steward/detail/event_ring.hpp"

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

namespace steward {

template <class Event>
class event_stream;
template <class Event>
class next_event_awaiter;

/// What a subscriber is told next.
template <class Event>
struct next_event {
  std::uint64_t lost = 0;      ///< how many events it has missed since the last one that it was given
  std::optional<Event> event;  ///< what came after them; empty: the stream has ended
};

/// A place among the listeners of an `event_stream`, for as long as it lives. It is given what is published from then on: each event exactly once and
/// in order, as long as it keeps up; when it falls behind by more than its capacity the oldest are lost, and it is told how many.
///
///     auto events = stream.subscribe(1024);
///     while (true) {
///       auto next = co_await events.next(ctx);
///       if (!next) co_return std::move(next.error());  // ctx has stopped
///       if (next->lost > 0) …                          // so many are missing here
///       if (!next->event) co_return {};                // the stream has ended
///       show(*next->event);
///     }
///
/// Threads: one at a time, any; publishers go on meanwhile.
/// Lifetime: may outlive the stream: it then gives what is left, and ends. Destroying it, or waiting a second time, while somebody waits for its next
/// event is reported and ends the program, as PR11.
template <class Event>
class [[nodiscard]] event_subscription {
 public:
  /// To nothing: it has ended. So has one that was moved from.
  event_subscription() noexcept = default;

  /// `auto next = co_await events.next(ctx);` waits for an event or the end, and yields a `result<next_event<Event>>`; after the end, the end again.
  /// Stop: the wait ends with the stop's error at that instant, on the waiter's scheduler (C5). A stopped context comes first even where there is
  /// an event; that stays, for `try_next` or another context.
  [[nodiscard]] next_event_awaiter<Event> next(context& ctx) noexcept;

  /// What `next` would yield without waiting; empty: nothing has come since.
  [[nodiscard]] std::optional<next_event<Event>> try_next() noexcept {
    if (ring_ == nullptr) return next_event<Event>();
    return ring_->take();
  }

 private:
  friend class event_stream<Event>;

  explicit event_subscription(std::unique_ptr<detail::event_ring<Event>> ring) noexcept : ring_(std::move(ring)) {}

  std::unique_ptr<detail::event_ring<Event>> ring_;
};

/// Tells events to any number of subscribers.
///
/// Each has room for so many events and is given a copy of its own: make events cheap to copy, for instance by keeping what is large behind a
/// `std::shared_ptr<const …>`. What cannot be copied because memory is out is lost, and counts as such.
///
/// Threads: any, at the same time. Subscribers that are told by several publishers see the events of all in one and the same order.
/// Lifetime: its end is the end of the stream; nobody may be publishing.
/// Cost: to publish takes a load where nobody listens; else one short lock, a copy for each subscriber, and a post for each that waits. It never
/// waits for a subscriber to take anything: what they share is held for the move of one event. Allocates only where the copying of an event does.
template <class Event>
class event_stream {
  static_assert(std::copy_constructible<Event> && std::is_nothrow_move_constructible_v<Event>, "events are copied to each subscriber, and moved out");

 public:
  event_stream() : hub_(std::make_shared<detail::event_hub>()) {}
  event_stream(const event_stream&) = delete;
  event_stream& operator=(const event_stream&) = delete;
  ~event_stream() {
    work_queue woken;
    {
      const std::lock_guard guard(hub_->lock);
      hub_->ended = true;
      for (detail::event_mailbox* each = hub_->first; each != nullptr; each = each->following()) each->release(woken);
    }
    detail::wake_all(woken);
  }

  /// Listens from now on.
  /// Shape: room for `capacity` events, at least one.  Errors: throws `std::bad_alloc`; later nothing is allocated for it.
  [[nodiscard]] event_subscription<Event> subscribe(std::size_t capacity) {
    return event_subscription<Event>(std::make_unique<detail::event_ring<Event>>(hub_, capacity > 0 ? capacity : 1));
  }

  /// Tells everybody who listens.
  void publish(const Event& event) noexcept {
    publish([&event] { return event; });
  }

  /// The same for `make()`, which is called only if somebody listens, and once. If it throws, the event is lost to all of them.
  /// Threads: it is called under the stream's lock, so it has no business with the stream.
  template <std::invocable Make>
    requires std::convertible_to<std::invoke_result_t<Make&>, Event>
  void publish(Make&& make) noexcept {
    if (!hub_->listened.load(std::memory_order_relaxed)) return;
    work_queue woken;
    {
      const std::lock_guard guard(hub_->lock);
      auto* first = static_cast<detail::event_ring<Event>*>(hub_->first);
      if (first == nullptr) return;
      const Event* const made = first->push(make);
      first->release(woken);
      for (detail::event_mailbox* each = first->following(); each != nullptr; each = each->following()) {
        auto& ring = static_cast<detail::event_ring<Event>&>(*each);
        if (made == nullptr)
          ring.miss();
        else
          ring.push([made] { return *made; });
        each->release(woken);
      }
    }
    detail::wake_all(woken);
  }

 private:
  std::shared_ptr<detail::event_hub> hub_;
};

/// The wait of `event_subscription::next`.
template <class Event>
class [[nodiscard]] next_event_awaiter : private detail::event_wait {
 public:
  next_event_awaiter(detail::event_ring<Event>* from, context& ctx) noexcept : event_wait(from, ctx), ring_(from) {}

  [[nodiscard]] bool await_ready() const noexcept { return over(); }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    return begin(caller.promise());
  }
  [[nodiscard]] result<next_event<Event>> await_resume() noexcept {
    if (auto why = end()) return fail(std::move(*why));
    if (ring_ == nullptr) return next_event<Event>();
    return *ring_->take();  // there is news: the waiter alone takes
  }

 private:
  detail::event_ring<Event>* ring_;
};

template <class Event>
next_event_awaiter<Event> event_subscription<Event>::next(context& ctx) noexcept {
  return next_event_awaiter<Event>(ring_.get(), ctx);
}

}  // namespace steward
