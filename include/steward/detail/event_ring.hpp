// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/detail/event_mailbox.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace steward {

template <class Event>
struct next_event;

namespace detail {

/// The last so many events that one subscriber has not taken. An event is numbered as it is published, so what is lost shows as a gap.
template <class Event>
class event_ring final : public event_mailbox {
 public:
  event_ring(std::shared_ptr<event_hub> hub, std::size_t capacity) : event_mailbox(std::move(hub)), slots_(capacity + 1) { join(); }
  ~event_ring() { leave(); }

  /// With the lock held.  Shape: returns what `make()` made, where it lies; empty if it threw, which loses the event.
  template <std::invocable Make>
  const Event* push(Make&& make) noexcept {
    const std::uint64_t number = published_++;
    slot& to = slots_[wrapped(first_ + held_)];
    try {
      to.event.emplace(made_by<Make>(make));
    } catch (...) {
      return (void)current_exception_error(), nullptr;
    }
    to.number = number;
    if (++held_ == slots_.size()) drop_oldest();
    return &*to.event;
  }

  /// With the lock held: one that nobody can give it any more.
  void miss() noexcept { ++published_; }

  /// Empty: nothing has come.
  [[nodiscard]] std::optional<next_event<Event>> take() noexcept {
    const std::lock_guard guard(hub().lock);
    std::optional<next_event<Event>> next;
    if (!has_news()) return next;
    next.emplace();
    slot* const from = held_ > 0 ? &slots_[first_] : nullptr;
    const std::uint64_t number = from != nullptr ? from->number : published_;
    next->lost = number - told_;
    told_ = number;
    if (from == nullptr) return next;
    ++told_;
    next->event.emplace(std::move(*from->event));
    drop_oldest();
    return next;
  }

 private:
  // Becomes an event where that is to lie, without a move.
  template <class Make>
  struct made_by {
    Make& make;
    operator Event() const { return make(); }  // NOLINT(google-explicit-constructor): it stands for the event
  };

  struct slot {
    std::uint64_t number = 0;
    std::optional<Event> event;
  };

  void drop_oldest() noexcept {
    slots_[first_].event.reset();
    first_ = wrapped(first_ + 1);
    --held_;
  }

  [[nodiscard]] std::size_t wrapped(std::size_t place) const noexcept { return place < slots_.size() ? place : place - slots_.size(); }

  std::vector<slot> slots_;  // one is always free: what cannot be copied into it takes nobody's place
  std::size_t first_ = 0;    // the oldest that is held
};

}  // namespace detail

}  // namespace steward
