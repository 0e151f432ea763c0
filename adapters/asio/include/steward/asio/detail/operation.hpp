// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/stop_callback.hpp"
#include "steward/work.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <atomic>
#include <cstdint>
#include <optional>

namespace steward::detail {

/// Lets one thread at a time into an operation: whoever initiates it, the steps of a composed one, and its cancellation. A thread may enter again
/// what it is in, because some operations complete while they are initiated.
class operation_gate {
 public:
  /// False: this thread is inside already.
  [[nodiscard]] bool enter() noexcept;
  void leave() noexcept { inside_.store(nullptr, std::memory_order_release); }

 private:
  std::atomic<const void*> inside_{nullptr};  // the address of something of the thread's own
};

/// What an awaited Asio operation has, whatever its type.
///
/// It is made of *parts*: its initiation, its completion handler, steps that run now, a cancellation under way. The coroutine resumes when the last
/// part has gone, so nothing of Asio's refers to the coroutine's frame any more.
class operation : private work {
 public:
  operation() noexcept : work(&cancel) {}

  /// Shape: `ctx` is empty for an operation that no stop cancels.
  /// False: `ctx` is stopped, and nothing was begun.
  [[nodiscard]] bool begin(waiter& who, context* ctx) noexcept;

  /// The initiating function has returned. False: the operation is over, and the coroutine goes on without a suspension.
  [[nodiscard]] bool initiated() noexcept;

  /// The completion handler has been called, or dropped.
  void completed() noexcept { drop(&wake_last); }

  /// Runs a step of the operation, alone.
  template <class Step>
  void run(Step& step) {
    parts_.fetch_add(1, std::memory_order_relaxed);
    const bool entered = gate_.enter();
    step();
    if (entered) gate_.leave();
    drop(&wake_last);
  }

  /// After the last part has gone. Empty, or the error of the stop.
  [[nodiscard]] std::optional<error> end() noexcept;

  [[nodiscard]] boost::asio::cancellation_slot slot() noexcept { return context_ != nullptr ? signal_.slot() : boost::asio::cancellation_slot(); }

 protected:
  ~operation() = default;

 private:
  class watch final : private stop_callback_base {
   public:
    watch(context& ctx, operation& of) noexcept : stop_callback_base(ctx, &stopped), of_(of) {}
    using stop_callback_base::add;
    using stop_callback_base::withdraw;

   private:
    static void stopped(hook& self) noexcept { static_cast<watch&>(self).of_.stopped(); }

    operation& of_;
  };

  static void cancel(work& self) noexcept;
  static void wake_last(waiter& who) noexcept;
  void stopped() noexcept;
  void drop(void (*resume)(waiter& who) noexcept) noexcept;

  std::atomic<std::uint32_t> parts_{0};
  operation_gate gate_;
  bool entered_ = false;
  context* context_ = nullptr;
  waiter* who_ = nullptr;
  boost::asio::cancellation_signal signal_;
  std::optional<watch> watch_;
};

}  // namespace steward::detail
