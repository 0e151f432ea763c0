// SPDX-License-Identifier: Apache-2.0
//
// How an operation is cancelled. A stop comes on any thread, while Asio's cancellation signals and its objects are for one thread at a time. So the
// stop posts an item to the scheduler of the coroutine that waits, where everything else that this coroutine does with the object happens too; and
// the item, the initiation and the steps of a composed operation, which may run on any thread of an io_context or a pool, exclude each other at a
// gate.
#include "steward/asio/detail/operation.hpp"

#include "core.hpp"

#include <thread>

namespace steward::detail {
namespace {

thread_local constinit char this_thread = 0;

}  // namespace

bool operation_gate::enter() noexcept {
  const void* const me = &this_thread;
  if (inside_.load(std::memory_order_relaxed) == me) return false;
  for (const void* nobody = nullptr; !inside_.compare_exchange_weak(nobody, me, std::memory_order_acquire, std::memory_order_relaxed);
       nobody = nullptr)
    std::this_thread::yield();
  return true;
}

// The gate is closed before the stop is watched: a cancellation waits until there is something to cancel.
bool operation::begin(waiter& who, context* ctx) noexcept {
  who_ = &who;
  context_ = ctx;
  entered_ = gate_.enter();
  parts_.store(2, std::memory_order_relaxed);
  if (ctx == nullptr) return true;
  watch_.emplace(*ctx, *this);
  if (watch_->add()) return true;
  watch_.reset();
  if (entered_) gate_.leave();
  return false;
}

// The handler may have been called on another thread already, which then waits for this part.
bool operation::initiated() noexcept {
  if (entered_) gate_.leave();
  return parts_.fetch_sub(1, std::memory_order_acq_rel) != 1;
}

void operation::drop(void (*resume)(waiter& who) noexcept) noexcept {
  waiter& who = *who_;
  if (parts_.fetch_sub(1, std::memory_order_acq_rel) == 1) resume(who);
}

void operation::wake_last(waiter& who) noexcept {
  const leaving_handler leaving;
  wake(who);
}

// On the thread that stops. A cancellation is one part more, unless the last one has gone: then there is nothing to cancel.
void operation::stopped() noexcept {
  auto parts = parts_.load(std::memory_order_relaxed);
  do {
    if (parts == 0) return;
  } while (!parts_.compare_exchange_weak(parts, parts + 1, std::memory_order_acq_rel, std::memory_order_relaxed));
  who_->on->post(*this);
}

void operation::cancel(work& self) noexcept {
  auto& me = static_cast<operation&>(self);
  const bool entered = me.gate_.enter();
  me.signal_.emit(boost::asio::cancellation_type::all);
  if (entered) me.gate_.leave();
  me.drop(&transfer);
}

std::optional<error> operation::end() noexcept {
  if (watch_) watch_->withdraw();
  return context_ != nullptr ? context_->stop_error() : std::nullopt;
}

}  // namespace steward::detail
